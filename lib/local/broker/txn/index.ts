/**
 * The transaction coordinator.
 *
 * @module
 */
export type { Ground } from './ground.js'
export type { PendingOffset, Speaker, Status, TopicPartition, Transaction } from './transaction.js'
export { maxTimeoutMs, Transactions } from './transactions.js'
