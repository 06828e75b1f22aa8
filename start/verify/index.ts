export { balances } from './checks/balances.js'
export { effects } from './checks/effects.js'
export { failures } from './checks/failures.js'
export { lag } from './checks/lag.js'
export { ledger } from './checks/ledger.js'
export { orderOfEffects } from './checks/order.js'
export { secondEffects } from './checks/second-effects.js'
export {
  type Answer,
  answerOf,
  type Checked,
  type Effect,
  type Facts,
  type KeptFailure,
  type Kill,
  type Mending,
  type Redelivery,
} from './facts.js'
export { readBalances, readEffects, readFailures, readLag, readLedger } from './read.js'
export { type Verdict, verify } from './verify.js'
