/**
 * Runs a function's bundle in a process of its own, through the shape of Lambda's runtime API.
 *
 * @module
 */
export { loadHandler } from './load.js'
export type { FunctionError, Inspector, InvokeResult, LogMeta, RuntimeProgram, Worker, WorkerOptions } from './types.js'
export { startWorker } from './worker.js'
