export type { Checked, Effect, Facts, Kill, Redelivery } from './facts.js'
export { readBalances, readEffects, readFailures, readLag, readLedger } from './read.js'
export { type Verdict, verify } from './verify.js'
