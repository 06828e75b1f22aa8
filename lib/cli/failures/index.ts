/**
 * `millrace failures`: what was given up on, and what to do with it.
 *
 * @module
 */
export { withDiscardOptions, withListOptions, withRedriveOptions, withShowOptions } from './options.js'

/** Each is loaded when it is run. */
export const commands = {
  list: async () => (await import('./list.js')).list,
  show: async () => (await import('./show.js')).show,
  redrive: async () => (await import('./redrive.js')).redrive,
  discard: async () => (await import('./discard.js')).discard,
}
