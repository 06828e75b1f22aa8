export type { Atomicity, Engine, Failed, Invocation, Log, RecordRun, Reserved, Run } from './engine.js'
export type { Order } from './lanes.js'
export { type Processed, processBatch } from './process.js'
export type { Tally } from './work.js'
