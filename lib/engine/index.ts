export type { Atomicity, Engine, Failed, Invocation, Log, RecordRun, Run } from './engine.js'
export type { Order } from './lanes.js'
export { type Processed, processBatch, type Tally } from './process.js'
