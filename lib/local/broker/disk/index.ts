/**
 * Where a broker keeps what must not be lost: in memory, or in a directory that outlives its process.
 *
 * @module
 */
export { type DirectoryOptions, directoryStorage } from './directory.js'
export { memoryShelf, memoryStorage } from './memory.js'
export { bisect } from './search.js'
export type { FactKind, Facts, Json, Shelf, Storage } from './storage.js'
