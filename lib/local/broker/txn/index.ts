/**
 * The transaction coordinator.
 *
 * @module
 */
export type { PendingOffset, Speaker, Status, TopicPartition, Transaction } from './transaction.js'
export { type Ground, maxTimeoutMs, Transactions } from './transactions.js'
