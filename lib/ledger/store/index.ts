export type { AtomicWrite, ItemKey, Refusal, Usage } from '../../table/index.js'
export { dynamodbStore } from './dynamodb.js'
export {
  asideKey,
  itemKey,
  type LedgerItem,
  type LedgerStore,
  type Swap,
  type SwapResult,
  type Transaction,
  type TransactResult,
} from './store.js'
