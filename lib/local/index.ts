/**
 * The local stack: everything that a service needs to run on one machine. Nothing of it reaches a function's bundle.
 *
 * @module
 */
export { type Broker, type BrokerOptions, startBroker } from './broker/index.js'
export type { Attempt, Discard, EsmSwitches, MappingConfig, MappingOptions, RunningMapping } from './esm/index.js'
export { esmSwitches, startMapping } from './esm/index.js'
export {
  createTables,
  type Ground,
  type GroundOptions,
  type Stack,
  type StackOptions,
  startGround,
  startStack,
} from './stack/index.js'
export {
  ensureTables,
  type Store,
  type StoreOptions,
  startStore,
  storeClient,
  storeEnvironment,
} from './store/index.js'
export { isPackaged, packageService, readService, type Service } from './template/index.js'
export { type LogMeta, startWorker, type Worker } from './worker/index.js'
