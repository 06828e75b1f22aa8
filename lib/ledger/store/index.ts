export { dynamodbStore } from './dynamodb.js'
export {
  type ItemKey,
  itemKey,
  type LedgerItem,
  type LedgerStore,
  type Swap,
  type SwapResult,
  type Usage,
} from './store.js'
