/**
 * Conditional writes and consistent reads on one DynamoDB table, many to a call.
 *
 * @module
 */
export { openTable } from './open.js'
export { isOfItems, type PutTarget, putItems } from './put.js'
export type { AtomicWrite, Item, ItemKey, Refusal, Table, Transacted, Usage, Write, Written } from './table.js'
