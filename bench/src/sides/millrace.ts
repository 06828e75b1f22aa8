/**
 * The framework as it was built beside this package: from here, and from the compiled file as well, two folders up.
 *
 * @module
 */

export type { KafkaEvent } from '../../../dist/lib/event/index.js'
export {
  drop,
  type Handler,
  hold,
  json,
  kafkaFunction,
  ok,
  retry,
} from '../../../dist/lib/index.js'
export { ensureTables, startStore, storeClient, storeEnvironment } from '../../../dist/lib/local/store/index.js'
export type { Sink } from '../../../dist/lib/sink/index.js'
export { kafkaEvent } from '../../../dist/lib/testing/index.js'
