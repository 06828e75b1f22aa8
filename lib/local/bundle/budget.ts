/** `bundle:` of `custom.millrace`, for every function, or of a function's `millrace`. */
export interface BundleSettings {
  /**
   * How large a function's code may be, unzipped and without source maps, in KB of 1,024 bytes; 1 or more. Beyond it the service
   * is not packaged. Default: 3,000 KB, and beyond it a warning.
   */
  readonly budgetKb?: number
}

/**
 * The framework with a Kafka sink and IAM, its heaviest door, is 2,274 KB: what is larger has most likely something in it that
 * does not belong there.
 */
export const defaultBudgetKb = 3_000

/** What a function may weigh; `isOwn`: somebody said so. The function's own word counts, then the service's. */
export function budgetOf(
  own: { readonly bundle?: BundleSettings } | undefined,
  service: { readonly bundle?: BundleSettings } | undefined,
): { readonly budgetKb: number; readonly isOwn: boolean } {
  const said = own?.bundle?.budgetKb ?? service?.bundle?.budgetKb
  return { budgetKb: said ?? defaultBudgetKb, isOwn: said !== undefined }
}

/** Bytes as people read them, for example `1,659 KB`. */
export const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024).toLocaleString('en-US')} KB`
