/**
 * Conditional writes and consistent reads on one DynamoDB table, many to a call.
 *
 * @module
 */
export { openTable } from './open.js'
export type { Item, ItemKey, Table, Usage, Write, Written } from './table.js'
