import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyState, type LedgerState } from '../state.js'
import { decodeState, encodeState } from './index.js'
import { ByteWriter } from './varint.js'

const time = fc.integer({ min: -1, max: 2 ** 45 })
const offset = fc.maxSafeNat()
const rising = <T extends { from: number; to: number }>(
  gaps: [number, number, (from: number, to: number) => T][],
): T[] => {
  let next = 0
  return gaps.map(([gap, length, make]) => {
    const from = next + gap
    const to = from + length
    next = to + 2
    return make(from, to)
  })
}
const size = fc.nat(2 ** 40)
const range = fc
  .tuple(size, size)
  .map(([gap, length]): [number, number, (from: number, to: number) => { from: number; to: number }] => [
    gap,
    length,
    (from, to) => ({ from, to }),
  ])
const state: fc.Arbitrary<LedgerState> = fc.record({
  settled: fc.array(fc.tuple(size, size, time, time), { maxLength: 20 }).map((list) =>
    rising(
      list.map(([gap, length, first, last]) => [
        gap,
        length,
        (from: number, to: number) => ({
          from,
          to,
          anchors: [{ offset: from, timestamp: first }, ...(to > from ? [{ offset: to, timestamp: last }] : [])],
        }),
      ]),
    ),
  ),
  open: fc
    .array(
      fc.record({
        offset,
        attempts: fc.nat(10_000),
        deaths: fc.nat(10),
        givenUp: fc.boolean(),
        convicted: fc.boolean(),
        notBefore: fc.nat(2 ** 45),
        holds: fc.oneof(fc.constant(0), fc.nat(1_000_000)),
        timestamp: time,
        firstSeen: fc.nat(2 ** 45),
      }),
      { maxLength: 10 },
    )
    .map((list) => list.sort((a, b) => a.offset - b.offset)),
  pending: fc.array(range, { maxLength: 5 }).map(rising),
  crashed: fc.option(
    fc.tuple(size, size).map(([from, length]) => ({ from, to: from + length })),
    { nil: null },
  ),
  suspect: fc.option(
    fc.tuple(size, size).map(([from, length]) => ({ from, to: from + length })),
    { nil: null },
  ),
  reported: fc.array(range, { maxLength: 3 }).map(rising),
  delivered: offset,
  newest: fc.nat(2 ** 45),
  claim: fc.option(
    fc.record({
      owner: fc.string(),
      leaseEnd: fc.nat(2 ** 45),
      inFlight: fc.tuple(size, size).map(([from, length]) => ({ from, to: from + length })),
      marker: fc.option(
        fc.tuple(size, size, time).map(([from, length, timestamp]) => ({ from, to: from + length, timestamp })),
        { nil: null },
      ),
    }),
    { nil: null },
  ),
  left: fc.integer({ min: -1, max: 2 ** 50 }),
  born: fc.nat(2 ** 45),
  foreign: fc.array(fc.tuple(fc.constantFrom(101, 103, 2 ** 20 + 1), fc.uint8Array({ maxLength: 9 })), {
    maxLength: 3,
  }),
})

describe('the format of a ledger item', () => {
  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(state, (one) => {
        expect(decodeState(encodeState(one))).toEqual(one)
      }),
    )
  })

  it('keeps sections of a newer release that it may ignore, and writes them back', () => {
    const newer = { ...emptyState, delivered: 4, foreign: [[99, Uint8Array.of(1, 2)]] as const }
    expect(decodeState(encodeState(decodeState(encodeState(newer))))).toEqual(newer)
  })

  it('refuses a section of a newer release that it may not ignore, and another version', () => {
    const section = new ByteWriter().unsigned(1).unsigned(98).bytes(Uint8Array.of(1)).take()
    expect(() => decodeState(section)).toThrow('ML_LEDGER_FORMAT')
    expect(() => decodeState(Uint8Array.of(2))).toThrow('ML_LEDGER_FORMAT')
  })

  it('refuses damaged bytes with a code, whatever they are', () => {
    fc.assert(
      fc.property(state, fc.nat(), (one, cut) => {
        const bytes = encodeState(one)
        const damaged = bytes.subarray(0, cut % bytes.length)
        try {
          decodeState(damaged)
        } catch (error) {
          expect((error as { code?: string }).code).toBe('ML_LEDGER_FORMAT')
        }
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeState(bytes)
        } catch (error) {
          expect((error as { code?: string }).code).toBe('ML_LEDGER_FORMAT')
        }
      }),
    )
  })

  it('stays under 1 KB with forty intervals, as one write unit allows', () => {
    const settled = Array.from({ length: 40 }, (_, i) => ({
      from: i * 501,
      to: i * 501 + 499,
      anchors: [
        { offset: i * 501, timestamp: 1_700_000_000_000 + i * 60_000 },
        { offset: i * 501 + 499, timestamp: 1_700_000_030_000 + i * 60_000 },
      ],
    }))
    const claim = {
      owner: 'abcdefghijkl',
      leaseEnd: 1_700_000_000_000,
      inFlight: { from: 20_000, to: 20_500 },
      marker: null,
    }
    expect(
      encodeState({ ...emptyState, settled, delivered: 20_500, newest: 1_700_000_000_000, claim }).length,
    ).toBeLessThan(800)
  })
})
