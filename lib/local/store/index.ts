/**
 * A DynamoDB store for development and tests, in memory, in a process of its own.
 *
 * @module
 */
export { localClient, storeClient, storeEnvironment } from './client.js'
export type { Engine } from './engine.js'
export { type Store, type StoreOptions, startStore } from './store.js'
export { ensureTables } from './tables.js'
