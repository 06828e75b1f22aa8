/**
 * Events as Lambda makes them: built in one line, read from a file, and without what nobody should read.
 *
 * @module
 */
export { type EventSpec, kafkaEvent, type RecordSpec } from './event.js'
export { readEvent } from './read.js'
export { duplicateOf, eventOf, type LoadEventSpec, loadEvent, poison, tombstone } from './records.js'
export { type Redactions, type Redactor, redactor } from './redact.js'
