/**
 * The transaction coordinator.
 *
 * @module
 */
export type { PendingOffset, Speaker, Status, TopicPartition, Transaction } from './transaction.js'
export { type Ground, Transactions } from './transactions.js'
