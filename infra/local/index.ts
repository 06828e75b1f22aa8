/**
 * `serverless invoke local` on the local store.
 *
 * @module
 */
export { createLocalTables, type LocalInvocation, localInvocation, setUp } from './invoke-local.js'
export { localTables } from './local-tables.js'
