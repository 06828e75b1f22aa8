export { type FailuresSettings, failuresSink } from './failures.js'
