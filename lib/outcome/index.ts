export { checkedOutcome } from './check.js'
export { drop, fallback, isOutcome, type Outcome, type OutcomeStatus, ok, retry } from './outcome.js'
