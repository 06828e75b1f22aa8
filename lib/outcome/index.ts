export { checkedOutcome } from './check.js'
export { type Classified, classify } from './classify.js'
export {
  drop,
  fallback,
  type Held,
  type HoldOptions,
  hold,
  isOutcome,
  type Outcome,
  type OutcomeStatus,
  ok,
  retry,
} from './outcome.js'
export type { Output } from './output.js'
