/**
 * Who clients are (SASL), where a broker asks.
 *
 * @module
 */
export { type SaslSettings, Session } from './session.js'
