import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { above, below, covers, forget, hull, overlaps, rangesOf, spanOf, thin, union } from './intervals.js'
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

  it('that join keep the anchors of both, rising, each offset once, and the first list is believed', () => {
    const all = { from: 0, to: 9, anchors: [0, 5, 9].map((offset) => ({ offset, timestamp: 1 })) }
    const part = { from: 3, to: 5, anchors: [3, 5].map((offset) => ({ offset, timestamp: 2 })) }
    const anchors = [
      { offset: 0, timestamp: 1 },
      { offset: 3, timestamp: 2 },
      { offset: 5, timestamp: 1 },
      { offset: 9, timestamp: 1 },
    ]
    expect(union([all], [part])).toEqual([{ from: 0, to: 9, anchors }])
    const second = { from: 0, to: 1, anchors: [{ offset: 0, timestamp: 2 }] }
    expect(union([all], [second])).toEqual([all])
    expect(union([second], [all])[0]?.anchors[0]).toEqual({ offset: 0, timestamp: 2 })
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

  it('forget nothing for a batch in hand that is in pieces until it is whole', () => {
    const five = intervals([0, 10, 12, 14, 16])
    expect(forget(five, 2, { from: 10, to: 19 })).toEqual(five)
    expect(forget(five, 1, { from: 10, to: 19 })).toEqual(five.slice(1))
  })

  it('keep the first and the last anchor and spread the rest', () => {
    const anchors = Array.from({ length: 50 }, (_, i) => ({ offset: i, timestamp: i }))
    const kept = thin(anchors).map(({ offset }) => offset)
    expect(kept).toHaveLength(4)
    expect([kept[0], kept.at(-1)]).toEqual([0, 49])
  })

  it.each([
    ['four or fewer are all kept', [1, 2, 3, 90], [1, 2, 3, 90]],
    ['of five the inner one goes that stands closest between its neighbours', [0, 10, 12, 60, 100], [0, 12, 60, 100]],
    ['wherever it stands', [0, 40, 90, 98, 100], [0, 40, 90, 100]],
    ['the first of several that stand equally close', [0, 10, 20, 30, 40], [0, 20, 30, 40]],
    ['but never the first or the last', [0, 1, 50, 98, 99], [0, 1, 50, 99]],
    ['one after the other goes', [0, 1, 2, 3, 30, 60, 100], [0, 30, 60, 100]],
  ])('as for their anchors: %s', (_, offsets, kept) => {
    expect(thin(offsets.map((offset) => ({ offset, timestamp: 0 }))).map(({ offset }) => offset)).toEqual(kept)
  })
})

describe('ranges', () => {
  const ranges = [
    { from: 2, to: 4 },
    { from: 6, to: 6 },
    { from: 8, to: 9 },
  ]

  it('are made of rising offsets, neighbours together', () => {
    expect(rangesOf([2, 3, 4, 6, 8, 9])).toEqual(ranges)
    expect(rangesOf([])).toEqual([])
  })

  it.each([
    [1, [], ranges],
    [2, [], [{ from: 3, to: 4 }, ...ranges.slice(1)]],
    [3, [{ from: 2, to: 2 }], [{ from: 4, to: 4 }, ...ranges.slice(1)]],
    [4, [{ from: 2, to: 3 }], ranges.slice(1)],
    [6, ranges.slice(0, 1), ranges.slice(2)],
    [7, ranges.slice(0, 2), ranges.slice(2)],
    [10, ranges, []],
  ])('are cut at the offset %i, which neither side keeps', (offset, lower, upper) => {
    expect(below(ranges, offset)).toEqual(lower)
    expect(above(ranges, offset)).toEqual(upper)
  })

  it('have a hull that holds both, whichever is the lower; nothing adds nothing', () => {
    const [low, , high] = ranges
    if (low === undefined || high === undefined) throw new Error('no ranges')
    expect([hull(low, high), hull(high, low), hull({ from: 0, to: 20 }, low)]).toEqual([
      { from: 2, to: 9 },
      { from: 2, to: 9 },
      { from: 0, to: 20 },
    ])
    expect([hull(low, null), hull(null, low), hull(null, null)]).toEqual([low, low, null])
  })

  it('overlap where they have an offset in common', () => {
    const five = { from: 5, to: 7 }
    const overlapping = [
      [1, 4],
      [1, 5],
      [6, 6],
      [1, 9],
      [7, 9],
      [8, 9],
    ].map(([from = 0, to = 0]) => overlaps({ from, to }, five))
    expect(overlapping).toEqual([false, true, true, true, true, false])
  })

  it('span from the first of rising records to the last', () => {
    expect(spanOf([{ offset: 3 }, { offset: 5 }, { offset: 9 }])).toEqual({ from: 3, to: 9 })
    expect(spanOf([{ offset: 3 }])).toEqual({ from: 3, to: 3 })
  })
})
