export { type FailuresSettings, failuresSink } from './failures/index.js'
export type { Abandoned, Acknowledgement, Failure, FallbackSink, Stage } from './sink.js'
export { givenUpBefore } from './sink.js'
