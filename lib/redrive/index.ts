/**
 * The headers of a redrive: by them a function knows which record a redriven one repeats, and whose it is.
 *
 * @module
 */
export { firstOriginalOf, type Original, originalOf, withOriginal } from './headers.js'
