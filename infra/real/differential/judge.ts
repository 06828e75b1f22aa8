import type { Pair } from './case.js'
import { type Allowance, type Comparison, compare } from './compare.js'

/** What the suite came to: the comparison, counted. */
export interface Differential extends Comparison {
  /** Cases that are equal or differ only as allowed. */
  readonly passed: number
  /** One line per unexplained difference, broken case and stale allowance. */
  readonly failures: readonly string[]
}

/** Compares and counts. */
export function judge(pairs: readonly Pair[], allowances: readonly Allowance[]): Differential {
  const comparison = compare(pairs, allowances)
  const { equal, tolerated, unexplained, broken, stale } = comparison
  const failures = [
    ...unexplained.map((one) => `${one.case} at ${one.path}: embedded ${show(one.embedded)}, real ${show(one.real)}`),
    ...broken.map((one) => `broken on both sides: ${one}`),
    ...stale.map((id) => `allowed and no longer so: ${id}`),
  ]
  return { ...comparison, passed: equal + tolerated, failures }
}

const show = (value: unknown) => String(JSON.stringify(value)).slice(0, 400)
