/**
 * A small Kafka broker for development and tests, inside this process and in memory.
 *
 * @module
 */
export type { BrokerOptions } from './options.js'
export { type Broker, startBroker } from './server.js'
