/**
 * `millrace new`: a service to start from.
 *
 * @module
 */
export { withNewOptions } from './options.js'

/** Loaded when it is run. */
export const command = async () => (await import('./new.js')).newService
