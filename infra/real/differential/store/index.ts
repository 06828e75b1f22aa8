/**
 * What is asked of the embedded store and of DynamoDB Local alike.
 *
 * @module
 */
import type { Case } from '../case.js'
import { batchCases } from './batches.js'
import { itemCases } from './items.js'
import { refusedCases } from './refused.js'
import type { StoreSide } from './side.js'
import { statementCases } from './statements.js'
import { tableCases } from './tables.js'
import { transactionCases } from './transactions.js'

export { onStore, openStore } from './side.js'

export const storeCases: readonly Case<StoreSide>[] = [
  ...itemCases,
  ...refusedCases,
  ...statementCases,
  ...batchCases,
  ...transactionCases,
  ...tableCases,
]
