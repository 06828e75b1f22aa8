/** Values that one metric takes in the embedded metric format. */
const most = 100

/**
 * At most 100 values with the distribution of all of them, rising: all, where they are that few; else the order statistics in the
 * middle of 100 equal shares. CloudWatch's p50 and p99 of the answer are values of the list whose rank is right within half a percent of it.
 */
export function orderStatistics(values: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length <= most) return [...sorted]
  return Array.from({ length: most }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / most)] ?? 0)
}
