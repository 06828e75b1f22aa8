import type { Anchor, Interval, LedgerState, OpenRecord, Range } from '../state.js'
import type { ByteReader, ByteWriter } from './varint.js'

/** One part of the state: how it is written (false: nothing to write) and read. Tags are never used again for something else. */
interface Section {
  readonly tag: number
  write(state: LedgerState, to: ByteWriter): boolean
  /** `before`: what the sections before this one have given. */
  read(from: ByteReader, before: LedgerState): Partial<LedgerState>
}

export const sections: readonly Section[] = [
  {
    tag: 2,
    write: ({ delivered, newest }, to) => {
      if (delivered < 0) return false
      to.unsigned(delivered).signed(newest)
      return true
    },
    read: (from) => ({ delivered: from.unsigned(), newest: from.signed() }),
  },
  {
    tag: 4,
    write: ({ settled }, to) => writeIntervals(settled, to),
    read: (from) => ({ settled: readIntervals(from) }),
  },
  // Written before records could be convicted; since then as 20, which a release that would lose convictions refuses.
  { tag: 6, write: () => false, read: (from) => ({ open: readOpen(from) }) },
  { tag: 8, write: ({ pending }, to) => writeRanges(pending, to), read: (from) => ({ pending: readRanges(from) }) },
  {
    tag: 10,
    write: ({ crashed }, to) => crashed !== null && writeRanges([crashed], to),
    read: (from) => ({ crashed: readRanges(from)[0] ?? null }),
  },
  {
    tag: 12,
    write: ({ claim }, to) => {
      if (claim === null) return false
      to.bytes(Buffer.from(claim.owner)).signed(claim.leaseEnd)
      return writeRanges([claim.inFlight], to)
    },
    read: (from) => {
      const owner = Buffer.from(from.bytes()).toString()
      const leaseEnd = from.signed()
      const [inFlight = { from: 0, to: 0 }] = readRanges(from)
      return { claim: { owner, leaseEnd, inFlight, marker: null } }
    },
  },
  {
    tag: 14,
    write: ({ claim }, to) => {
      if (claim === null || claim.marker === null) return false
      to.signed(claim.marker.timestamp)
      return writeRanges([claim.marker], to)
    },
    read: (from, { claim }) => {
      const timestamp = from.signed()
      const [range] = readRanges(from)
      return claim === null || range === undefined ? {} : { claim: { ...claim, marker: { ...range, timestamp } } }
    },
  },
  {
    tag: 16,
    write: ({ suspect }, to) => suspect !== null && writeRanges([suspect], to),
    read: (from) => ({ suspect: readRanges(from)[0] ?? null }),
  },
  {
    tag: 18,
    write: ({ reported }, to) => writeRanges(reported, to),
    read: (from) => ({ reported: readRanges(from) }),
  },
  {
    tag: 22,
    write: ({ left, born }, to) => {
      if (left < 0 && born === 0) return false
      to.unsigned(left + 1).signed(born)
      return true
    },
    read: (from) => ({ left: from.unsigned() - 1, born: from.signed() }),
  },
  { tag: 20, write: ({ open }, to) => writeOpen(open, to), read: (from) => ({ open: readOpen(from) }) },
  // After the open records that it adds to. A release that would lose it, and hold for ever, refuses it.
  {
    tag: 24,
    write: ({ open }, to) => writeHolds(open, to),
    read: (from, { open }) => ({ open: readHolds(from, open) }),
  },
]

// Everything rising is written as the distance from what came before.

function writeIntervals(intervals: readonly Interval[], to: ByteWriter): boolean {
  let end = 0
  let time = 0
  to.unsigned(intervals.length)
  for (const interval of intervals) {
    to.unsigned(interval.from - end).unsigned(interval.to - interval.from)
    to.unsigned(interval.anchors.length)
    for (const { offset, timestamp } of interval.anchors) {
      to.unsigned(offset - interval.from).signed(timestamp - time)
      time = timestamp
    }
    end = interval.to
  }
  return intervals.length > 0
}

function readIntervals(from: ByteReader): Interval[] {
  let end = 0
  let time = 0
  return from.list(() => {
    const start = end + from.unsigned()
    end = start + from.unsigned()
    const anchors = from.list((): Anchor => {
      const offset = start + from.unsigned()
      time += from.signed()
      return { offset, timestamp: time }
    })
    return { from: start, to: end, anchors }
  })
}

function writeOpen(open: readonly OpenRecord[], to: ByteWriter): boolean {
  let last = 0
  let time = 0
  to.unsigned(open.length)
  for (const entry of open) {
    to.unsigned(entry.offset - last)
      .unsigned(entry.attempts)
      .unsigned(entry.deaths)
      .unsigned((entry.givenUp ? 1 : 0) + (entry.convicted ? 2 : 0))
    to.unsigned(entry.notBefore)
      .signed(entry.timestamp - time)
      .signed(entry.firstSeen - entry.timestamp)
    last = entry.offset
    time = entry.timestamp
  }
  return open.length > 0
}

function readOpen(from: ByteReader): OpenRecord[] {
  let offset = 0
  let timestamp = 0
  return from.list(() => {
    offset += from.unsigned()
    const [attempts, deaths, flags, notBefore] = [from.unsigned(), from.unsigned(), from.unsigned(), from.unsigned()]
    const [givenUp, convicted] = [flags % 2 === 1, flags >= 2]
    timestamp += from.signed()
    const firstSeen = timestamp + from.signed()
    return { offset, attempts, deaths, convicted, givenUp, notBefore, holds: 0, timestamp, firstSeen }
  })
}

/** Of the open records that were held: their place among all of them, and how often. */
function writeHolds(open: readonly OpenRecord[], to: ByteWriter): boolean {
  const held = open.flatMap(({ holds }, place) => (holds > 0 ? [{ holds, place }] : []))
  let last = 0
  to.unsigned(held.length)
  for (const { holds, place } of held) {
    to.unsigned(place - last).unsigned(holds)
    last = place
  }
  return held.length > 0
}

function readHolds(from: ByteReader, open: readonly OpenRecord[]): OpenRecord[] {
  let place = 0
  const held = new Map(
    from.list(() => {
      place += from.unsigned()
      return [place, from.unsigned()] as const
    }),
  )
  return open.map((entry, i) => ({ ...entry, holds: held.get(i) ?? 0 }))
}

function writeRanges(ranges: readonly Range[], to: ByteWriter): boolean {
  let end = 0
  to.unsigned(ranges.length)
  for (const range of ranges) {
    to.unsigned(range.from - end).unsigned(range.to - range.from)
    end = range.to
  }
  return ranges.length > 0
}

function readRanges(from: ByteReader): Range[] {
  let end = 0
  return from.list(() => {
    const start = end + from.unsigned()
    end = start + from.unsigned()
    return { from: start, to: end }
  })
}
