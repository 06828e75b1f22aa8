/**
 * Faults on purpose: a proxy in front of DynamoDB that can answer in its place, and counts what passes.
 *
 * @module
 */
export type { StoreRequest, WireItem, WireValue } from './request.js'
export {
  type Exchange,
  type StoreAnswer,
  type StoreProxy,
  type StoreProxyOptions,
  type StoreRule,
  startStoreProxy,
} from './store-proxy.js'
export { type Usage, usageMeter, writeUnits } from './usage.js'
