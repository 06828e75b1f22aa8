import type { Anchor, Interval, Range } from './state.js'

/** Anchors kept per interval: first, last, and two between. */
const maxAnchors = 4

/** Whether an offset lies in one of the disjoint, rising ranges. */
export function covers(ranges: readonly Range[], offset: number): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const range = ranges[middle]
    if (range === undefined) return false
    if (offset < range.from) high = middle - 1
    else if (offset > range.to) low = middle + 1
    else return true
  }
  return false
}

/** The union of two lists of disjoint, rising intervals; intervals that touch become one. */
export function union(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const merged: Interval[] = []
  // Of those that begin together the first list's comes first: its anchors are kept.
  for (const next of [...a, ...b].sort((x, y) => x.from - y.from)) {
    const last = merged.at(-1)
    if (last === undefined || next.from > last.to + 1) merged.push(next)
    else merged[merged.length - 1] = join(last, next)
  }
  return merged
}

/**
 * Keeps at most `bound` intervals by forgetting the lowest (rule 2: work is done twice, never skipped).
 * Neither the highest interval nor one that overlaps the batch in hand is forgotten, even if the bound gives way; and those of the
 * batch count as one: until it is whole it may be in many pieces, which must not push out what was whole long before.
 */
export function forget(intervals: readonly Interval[], bound: number, inHand: Range): readonly Interval[] {
  if (intervals.length <= bound) return intervals
  const pieces = intervals.filter((interval) => overlaps(interval, inHand)).length
  const excess = intervals.length - Math.max(0, pieces - 1) - bound
  if (excess <= 0) return intervals
  let forgotten = 0
  return intervals.filter((interval, i) => {
    const kept = i === intervals.length - 1 || overlaps(interval, inHand) || forgotten === excess
    if (!kept) forgotten++
    return kept
  })
}

/** Rising offsets as ranges of neighbours. */
export function rangesOf(offsets: readonly number[]): Range[] {
  const ranges: Range[] = []
  for (const offset of offsets) {
    const last = ranges.at(-1)
    if (last !== undefined && offset === last.to + 1) ranges[ranges.length - 1] = { from: last.from, to: offset }
    else ranges.push({ from: offset, to: offset })
  }
  return ranges
}

/** The smallest range that holds both. */
export function hull(a: Range | null, b: Range | null): Range | null {
  if (a === null || b === null) return a ?? b
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) }
}

/** What of the rising ranges lies above an offset. */
export const above = (ranges: readonly Range[], offset: number): Range[] =>
  ranges.filter(({ to }) => to > offset).map(({ from, to }) => ({ from: Math.max(from, offset + 1), to }))

/** What of the rising ranges lies below an offset. */
export const below = (ranges: readonly Range[], offset: number): Range[] =>
  ranges.filter(({ from }) => from < offset).map(({ from, to }) => ({ from, to: Math.min(to, offset - 1) }))

export const overlaps = (a: Range, b: Range): boolean => a.from <= b.to && b.from <= a.to

function join(a: Interval, b: Interval): Interval {
  const known = new Set(a.anchors.map(({ offset }) => offset))
  const anchors = [...a.anchors, ...b.anchors.filter(({ offset }) => !known.has(offset))]
  return { from: a.from, to: Math.max(a.to, b.to), anchors: thin(anchors.sort((x, y) => x.offset - y.offset)) }
}

/** Drops the inner anchor that stands closest between its neighbours until few enough are left: the rest stay spread out. */
export function thin(anchors: readonly Anchor[]): readonly Anchor[] {
  const kept = [...anchors]
  while (kept.length > maxAnchors) {
    let closest = 1
    for (let i = 2; i < kept.length - 1; i++) if (spread(kept, i) < spread(kept, closest)) closest = i
    kept.splice(closest, 1)
  }
  return kept
}

const spread = (anchors: readonly Anchor[], i: number): number =>
  (anchors[i + 1]?.offset ?? 0) - (anchors[i - 1]?.offset ?? 0)

/** From the first to the last of rising offsets; never empty. */
export const spanOf = (records: readonly { readonly offset: number }[]): Range => ({
  from: records[0]?.offset ?? 0,
  to: records.at(-1)?.offset ?? 0,
})
