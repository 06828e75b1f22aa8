export type { Engine, Failed, Invocation, Log, Run } from './engine.js'
export type { Order } from './lanes.js'
export { type Processed, processBatch, type Tally } from './process.js'
