export { dynamodbStore } from './dynamodb.js'
export {
  type AtomicWrite,
  asideKey,
  type ItemKey,
  itemKey,
  type LedgerItem,
  type LedgerStore,
  type Refusal,
  type Swap,
  type SwapResult,
  type Transaction,
  type TransactResult,
  type Usage,
} from './store.js'
