/**
 * A whole service on this machine: broker, store, functions and their mappings.
 *
 * @module
 */
export { type Ground, type GroundOptions, startGround } from './ground.js'
export { createTables, type Stack, type StackOptions, startStack } from './stack.js'
