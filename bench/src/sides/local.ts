/**
 * The local runtime as it was built beside this package: from here, and from the compiled file as well, two folders up.
 *
 * @module
 */
export {
  type Broker,
  ensureTables,
  type MappingConfig,
  type Store,
  startBroker,
  startMapping,
  startStore,
  startWorker,
  storeClient,
  storeEnvironment,
  type Worker,
} from '../../../dist/lib/local/index.js'
export { loadRecords, produce } from '../../../dist/lib/testing/index.js'
