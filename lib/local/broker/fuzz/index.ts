/**
 * Thousands of spoilt requests for the broker.
 *
 * @module
 */
export { type BrokerFuzzOptions, type BrokerFuzzReport, fuzzBroker } from './run.js'
