export { type Costs, costMeter, type InvocationCost } from './costs.js'
export { type AppliedTransaction, appliedTransactions, type EffectTables } from './effects.js'
export { ledgerWrites, partitionOf } from './ledger-writes.js'
export {
  failingDownstream,
  firstOf,
  type LedgerBreak,
  losesOneBalance,
  losesOneFailure,
  losesOneSettle,
} from './rules.js'
