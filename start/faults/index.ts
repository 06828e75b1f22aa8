export { type Costs, costMeter, type InvocationCost } from './costs.js'
export { partitionOf } from './ledger-writes.js'
export { failingDownstream, firstOf, type LedgerBreak, losesOneFailure, losesOneSettle } from './rules.js'
