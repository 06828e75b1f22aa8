import type { BundleSettings } from '../../lib/local/bundle/index.js'

/** `custom.millrace`. */
export interface ServiceSettings {
  readonly bundle?: BundleSettings
}

/** `millrace:` of a function. */
export interface FunctionSettings {
  readonly bundle?: BundleSettings
}
