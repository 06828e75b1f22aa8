import { expect, it } from 'vitest'
import { seededRandom } from '../testing/load/index.js'
import { orderStatistics } from './distribution.js'

it('keeps up to 100 values as they are, rising', () => {
  expect(orderStatistics([])).toEqual([])
  expect(orderStatistics([3, 1, 10, 2])).toEqual([1, 2, 3, 10])
})

/** The share of all values that are at most this one, and of those below it. */
const ranks = (values: readonly number[], value: number) =>
  [values.filter((one) => one < value), values.filter((one) => one <= value)].map(
    ({ length }) => length / values.length,
  )

it.each([
  101, 150, 199, 1_000, 10_000,
])('keeps 100 of %i, each percentile within one percent of its rank [P-21 partly]', (n) => {
  const draw = seededRandom(n)
  // A long tail, as latencies have.
  const values = Array.from({ length: n }, () => Math.round(1 / (1 - draw())))
  const kept = orderStatistics(values)
  expect(kept).toHaveLength(100)
  expect(kept).toEqual(kept.toSorted((a, b) => a - b))
  for (const percent of [1, 10, 50, 90, 99]) {
    const [below = 1, upTo = 0] = ranks(values, kept[percent - 1] ?? 0)
    expect(below).toBeLessThanOrEqual(percent / 100 + 0.01)
    expect(upTo).toBeGreaterThanOrEqual(percent / 100 - 0.01)
  }
})
