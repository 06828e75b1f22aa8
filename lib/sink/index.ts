export { type FailuresSettings, failuresSink } from './failures/index.js'
export type { Acknowledgement, Failure, FallbackSink, Stage } from './sink.js'
