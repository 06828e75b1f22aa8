import { describe, expect, it } from 'vitest'
import { openRecord } from '../state.fixture.js'
import { emptyState, type LedgerState } from '../state.js'
import { decodeState, encodeState } from './index.js'
import { ByteReader, ByteWriter } from './varint.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const stateOf = (facts: Partial<LedgerState>): LedgerState => ({ ...emptyState, ...facts })

/** What items hold that were written by this release, and by those before it: what is read once is read for ever. */
const written: readonly (readonly [name: string, bytes: string, state: LedgerState])[] = [
  ['nothing', '01', emptyState],
  ['what was delivered', '01 02 03 ac02 06', stateOf({ delivered: 300, newest: 3 })],
  ['the first offset', '01 02 02 00 01', stateOf({ delivered: 0, newest: -1 })],
  [
    'settled intervals, each as its distance from the one before',
    '01 04 0e 02 05 02 02 00 14 02 02 03 00 01 00 ac02',
    stateOf({
      settled: [
        {
          from: 5,
          to: 7,
          anchors: [
            { offset: 5, timestamp: 10 },
            { offset: 7, timestamp: 11 },
          ],
        },
        { from: 10, to: 10, anchors: [{ offset: 10, timestamp: 161 }] },
      ],
    }),
  ],
  [
    'open records',
    '01 14 1f 04 07020100 8201c80101 02010001 001314 01010002 000000 01010003 000000',
    stateOf({
      open: [
        openRecord(7, { attempts: 2, deaths: 1, timestamp: 100, firstSeen: 99, notBefore: 130 }),
        openRecord(9, { givenUp: true, timestamp: 90, firstSeen: 100 }),
        openRecord(10, { convicted: true, timestamp: 90, firstSeen: 90 }),
        openRecord(11, { convicted: true, givenUp: true, timestamp: 90, firstSeen: 90 }),
      ],
    }),
  ],
  [
    'ranges that are pending, and that were reported',
    '01 08 05 02 0302 0200 12 05 02 0306 0b01',
    stateOf({
      pending: [
        { from: 3, to: 5 },
        { from: 7, to: 7 },
      ],
      reported: [
        { from: 3, to: 9 },
        { from: 20, to: 21 },
      ],
    }),
  ],
  [
    'evidence of a crash',
    '01 0a 03 01 0306 10 03 01 0401',
    stateOf({ crashed: { from: 3, to: 9 }, suspect: { from: 4, to: 5 } }),
  ],
  [
    'a claim',
    '01 0c 08 026d65 9003 01 0306',
    stateOf({ claim: { owner: 'me', leaseEnd: 200, inFlight: { from: 3, to: 9 }, marker: null } }),
  ],
  [
    'a claim with its marker',
    '01 0c 07 02c3a9 02 01 0306 0e 04 03 01 0401',
    stateOf({
      claim: { owner: 'é', leaseEnd: 1, inFlight: { from: 3, to: 9 }, marker: { from: 4, to: 5, timestamp: -2 } },
    }),
  ],
  ['what was left, and when it began', '01 16 03 06 ac02', stateOf({ left: 5, born: 150 })],
  ['what was left of the first offset', '01 16 02 01 00', stateOf({ left: 0 })],
  ['when it began, with nothing left', '01 16 02 00 02', stateOf({ born: 1 })],
  [
    'sections of a newer release',
    '01 63 02 0102 65 00',
    stateOf({
      foreign: [
        [99, Uint8Array.of(1, 2)],
        [101, Uint8Array.of()],
      ],
    }),
  ],
]

describe('the bytes of a ledger item', () => {
  it.each(written)('for %s are the same in every release', (_, bytes, state) => {
    expect(hex(encodeState(state))).toBe(hex(fromHex(bytes)))
    expect(decodeState(fromHex(bytes))).toEqual(state)
  })

  it('of a release that could not convict are read: an open record was written as section 6', () => {
    expect(decodeState(fromHex('01 06 09 01 07020100 00 c801 01'))).toEqual(
      stateOf({ open: [openRecord(7, { attempts: 2, deaths: 1, timestamp: 100, firstSeen: 99 })] }),
    )
  })

  it('may hold a marker without a claim, or a section without its range: it says nothing', () => {
    expect(decodeState(fromHex('01 0e 04 03 01 0401'))).toEqual(emptyState)
    expect(decodeState(fromHex('01 0a 01 00 10 01 00'))).toEqual(emptyState)
    expect(decodeState(fromHex('01 0c 07 02c3a9 02 01 0306 0e 02 03 00')).claim?.marker).toBeNull()
    expect(decodeState(fromHex('01 0c 05 02c3a9 02 00')).claim?.inFlight).toEqual({ from: 0, to: 0 })
  })

  it.each([
    ['of another format', '02', 'its format is 2, this release knows 1'],
    ['with a section that may not be ignored', '01 62 00', 'it has a section 98 that this release does not know'],
  ])('%s are refused, with what to do', (_, bytes, why) => {
    expect(() => decodeState(fromHex(bytes))).toThrow(
      `ML_LEDGER_FORMAT: a ledger item was written by a newer release of millrace (${why}); nothing is changed. Deploy that release, or a newer one`,
    )
  })

  it.each([
    ['end within a number', '01 02 80'],
    ['end before a section', '01 02 03 01'],
    ['end within a section', '01 02 03 0300'],
    ['end within a list', '01 08 01 01'],
    ['tell of more elements than there are bytes', '01 08 08 ffffffffffff7f 00'],
    ['hold a number beyond what is safe', '01 02 09 8080808080808020 00'],
    ['hold a number that never seems to end', '01 02 0b 80808080808080808000 00'],
  ])('that %s are refused as damaged', (_, bytes) => {
    expect(() => decodeState(fromHex(bytes))).toThrow(
      'ML_LEDGER_FORMAT: a ledger item is damaged; nothing is changed. Restore it from a backup, or delete it',
    )
  })
})

describe('an integer', () => {
  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [129, '8101'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2 ** 32, '8080808010'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
  ])('%i takes seven bits to a byte', (value, bytes) => {
    expect(hex(new ByteWriter().unsigned(value).take())).toBe(bytes)
    expect(new ByteReader(fromHex(bytes)).unsigned()).toBe(value)
  })

  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [-64, '7f'],
    [64, '8001'],
    [-(2 ** 50), 'ffffffffffffff03'],
  ])('with a sign, %i, has it in its lowest bit', (value, bytes) => {
    expect(hex(new ByteWriter().signed(value).take())).toBe(bytes)
    expect(new ByteReader(fromHex(bytes)).signed()).toBe(value)
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d is never written', (value) => {
    expect(() => new ByteWriter().unsigned(value)).toThrow(new RangeError(`${value} has no place in a ledger item`))
  })
})
