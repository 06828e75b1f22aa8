import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers, forget, rangesOf, thin, union } from './intervals.js'
import type { Interval } from './state.js'

const intervals = (offsets: readonly number[]): Interval[] =>
  rangesOf(offsets).map(({ from, to }) => ({ from, to, anchors: [{ offset: from, timestamp: from * 10 }] }))

const offsetSet = fc.uniqueArray(fc.nat(60), { maxLength: 40 }).map((list) => list.sort((a, b) => a - b))

describe('intervals of offsets', () => {
  it('cover exactly what either of two lists covered, disjoint, rising and never touching', () => {
    fc.assert(
      fc.property(offsetSet, offsetSet, (a, b) => {
        const merged = union(intervals(a), intervals(b))
        const expected = new Set([...a, ...b])
        for (let offset = 0; offset <= 61; offset++) expect(covers(merged, offset)).toBe(expected.has(offset))
        for (const [i, { from, to, anchors }] of merged.entries()) {
          expect(to).toBeGreaterThanOrEqual(from)
          expect(from).toBeGreaterThan((merged[i - 1]?.to ?? -2) + 1)
          expect(anchors.length).toBeGreaterThan(0)
          for (const anchor of anchors) expect(anchor.offset >= from && anchor.offset <= to).toBe(true)
        }
      }),
    )
  })

  it('over their bound forget the lowest, never widen', () => {
    const five = intervals([0, 2, 4, 6, 8])
    expect(forget(five, 3, { from: 8, to: 8 })).toEqual(five.slice(2))
    expect(forget(five, 5, { from: 8, to: 8 })).toBe(five)
  })

  it('never forget the highest, nor what overlaps the batch in hand, even above the bound', () => {
    const five = intervals([0, 2, 4, 6, 8])
    expect(forget(five, 1, { from: 0, to: 3 }).map(({ from }) => from)).toEqual([0, 2, 8])
  })

  it('keep the first and the last anchor and spread the rest', () => {
    const anchors = Array.from({ length: 50 }, (_, i) => ({ offset: i, timestamp: i }))
    const kept = thin(anchors).map(({ offset }) => offset)
    expect(kept).toHaveLength(4)
    expect([kept[0], kept.at(-1)]).toEqual([0, 49])
  })
})
