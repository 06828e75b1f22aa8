/**
 * What is refused before anything is deployed, because it would not do what it says.
 *
 * @module
 */
export { needsOf } from './needs.js'
export { checkRetries } from './retries.js'
