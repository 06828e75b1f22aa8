/**
 * Thousands of spoilt requests for the broker.
 *
 * @module
 */
export { type Draw, drawing } from './draw.js'
export { type BrokerFuzzOptions, type BrokerFuzzReport, fuzzBroker } from './run.js'
