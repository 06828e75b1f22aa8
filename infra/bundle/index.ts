/**
 * How functions are bundled, and how large they may be.
 *
 * @module
 */
export { bundleSchema } from './settings.js'
export { checkSizes } from './sizes.js'
