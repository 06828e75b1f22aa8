/**
 * Has a running service take what is saved: bundles anew what changed, checks its types, and packages it again where its
 * configuration changed.
 *
 * @module
 */
export { type Build, type Bundler, isBundled, openBundler } from './bundler.js'
export { type LiveOptions, type LiveService, startLiveService } from './live.js'
export type { ReloadEvent } from './watch.js'
