/**
 * `millrace ledger`: what is settled, and what is not.
 *
 * @module
 */
export { withAbandonedOptions, withShowOptions } from './options.js'

/** Each is loaded when it is run. */
export const commands = {
  show: async () => (await import('./show.js')).show,
  abandoned: async () => (await import('./abandoned.js')).abandoned,
}
