export type { Acknowledgement, Sink, SinkContext, SinkRecord, SinkSource } from './contract.js'
export { type FailuresSettings, failuresSink } from './failures/index.js'
export type { Abandoned, Failure, FallbackSink, Stage } from './sink.js'
export { givenUpBefore } from './sink.js'
