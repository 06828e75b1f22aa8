/**
 * What a packaged function weighs, and what it is made of.
 *
 * @module
 */
export { type BundleSettings, budgetOf, defaultBudgetKb, kilobytes } from './budget.js'
export { type Contents, contentsOf, type PackageShare } from './contents.js'
export type { Metafile } from './metafile.js'
export { type PackageSize, packageSize } from './size.js'
