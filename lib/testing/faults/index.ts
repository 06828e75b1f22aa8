/**
 * Faults on purpose: of a service that runs, one by one or at random; and a proxy in front of DynamoDB that can answer in its
 * place, and counts what passes.
 *
 * @module
 */
export { type Account, type Accountant, accountant } from './account.js'
export { type ChaosOptions, type ChaosReport, type FaultKind, type FaultMade, faultKinds, runChaos } from './chaos.js'
export type { StoreRequest, WireItem, WireValue, WireWrite } from './request.js'
export { type Faults, type FaultyStack, type FaultyStackOptions, startFaultyStack } from './stack.js'
export { type StoreFault, type StoreFaultKind, type StoreFaults, storeFaultKinds, storeFaults } from './store-faults.js'
export {
  type Exchange,
  type StoreAnswer,
  type StoreLoss,
  type StoreProxy,
  type StoreProxyOptions,
  type StoreRewrite,
  type StoreRule,
  startStoreProxy,
} from './store-proxy.js'
export { type Usage, usageMeter, writeUnits } from './usage.js'
