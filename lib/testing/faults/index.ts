/**
 * Faults on purpose: a proxy in front of DynamoDB that can answer in its place, and counts what passes.
 *
 * @module
 */
export type { StoreRequest, WireItem, WireValue, WireWrite } from './request.js'
export {
  type Exchange,
  type StoreAnswer,
  type StoreProxy,
  type StoreProxyOptions,
  type StoreRewrite,
  type StoreRule,
  startStoreProxy,
} from './store-proxy.js'
export { type Usage, usageMeter, writeUnits } from './usage.js'
