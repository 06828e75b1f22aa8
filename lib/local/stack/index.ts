/**
 * A whole service on this machine: broker, store, functions and their mappings.
 *
 * @module
 */
export { codeFolder } from './code.js'
export { type Ending, ending, together } from './ending.js'
export { type Ground, type GroundOptions, startGround } from './ground.js'
export {
  createTables,
  type RunningService,
  readPackaged,
  type ServiceOptions,
  type Stack,
  type StackOptions,
  startService,
  startStack,
} from './stack.js'
