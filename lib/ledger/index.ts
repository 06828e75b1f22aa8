export type { Delivery } from './claim.js'
export { decodeState } from './format/index.js'
export { covers as isCovered, overlaps, spanOf } from './intervals.js'
export {
  type Busy,
  type Claimed,
  type Committed,
  type Holder,
  type Ledger,
  type LedgerSettings,
  type LedgerUsage,
  openLedger,
  type Progress,
  type Recorded,
} from './ledger.js'
export { everyPartition, frontierOf, type KnownPartition, loadPartitions, type Place } from './partitions.js'
export type { Disposed, Disposition } from './settle.js'
export { keptTime, type LedgerState, type Marker, type OpenRecord, type Range } from './state.js'
export {
  type AtomicWrite,
  asideKey,
  dynamodbStore,
  type ItemKey,
  itemKey,
  type LedgerItem,
  type LedgerStore,
} from './store/index.js'
