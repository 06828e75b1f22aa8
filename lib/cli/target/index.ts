/**
 * Where a command finds the tables, the functions and the Kafka it works on.
 *
 * @module
 */
export { type StackOptions, type TargetOptions, withStackOptions, withTargetOptions } from './options.js'
export { type LocalRun, localRunOf, noteLocalRun, readLocalRun } from './running.js'
export { findTarget, type MappingsPlace, type Target } from './target.js'
