/**
 * What Lambda's API offers for event source mappings, for those that run on this machine: list, read, enable and disable.
 *
 * @module
 */
export { type Control, type ControlOptions, startControl } from './server.js'
