/**
 * `millrace replay`: what a topic keeps, once more, into a function or a group that is new.
 *
 * @module
 */
export { withReplayOptions } from './options.js'

/** Loaded when it is run. */
export const command = async () => (await import('./replay.js')).replay
