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

/** What other commands read of ledgers; loaded when it is needed. */
export const readers = async () => ({ ...(await import('./sources.js')), ...(await import('./facts.js')) })
export type { SourceFacts } from './facts.js'
