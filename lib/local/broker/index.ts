/**
 * A small Kafka broker for development and tests, inside this process: in memory, or in a directory.
 *
 * @module
 */
export type { BrokerUsage } from './connections.js'
export type { BrokerOptions, Limits } from './options.js'
export type { SaslSettings } from './sasl/index.js'
export { type Broker, startBroker } from './server.js'
