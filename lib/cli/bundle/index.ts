/**
 * `millrace bundle`: what each function weighs, and what it is made of.
 *
 * @module
 */
export { withBundleOptions } from './options.js'

/** Loaded when it is run. */
export const command = async () => (await import('./bundle.js')).bundle
