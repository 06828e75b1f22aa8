import { describe, expect, it } from 'vitest'
import { RawRecord } from '../event/index.js'
import { keptTime, type LedgerState, type OpenRecord } from '../ledger/index.js'
import { emptyState } from '../ledger/state.js'
import { contestsOf, type Entry, rule } from './contest.js'
import { type Owner, owns, type Standing, standing } from './owner.js'

const now = 1_800_000_000_000
const owner: Owner = { topic: 't', partition: 0, offset: 50, timestamp: now - 5_000, since: now - 4_000 }
const open: OpenRecord = {
  offset: 50,
  attempts: 1,
  deaths: 0,
  convicted: false,
  givenUp: false,
  notBefore: 0,
  holds: 0,
  timestamp: owner.timestamp,
  firstSeen: now,
}
const settled = (from: number, to: number, offset: number, timestamp: number) => [
  { from, to, anchors: [{ offset, timestamp }] },
]
const claim = { owner: 'x', leaseEnd: now + 1, inFlight: { from: 40, to: 60 }, marker: null }

const beyond = { delivered: 100, settled: settled(51, 90, 60, now), pending: [{ from: 91, to: 99 }] }

const cases: [string, Partial<LedgerState>, Standing][] = [
  ['settled', { settled: settled(0, 60, 0, now - 9_000) }, 'settled'],
  [
    'settled in a range that was in flight at a crash',
    { settled: settled(50, 50, 50, owner.timestamp), crashed: claim.inFlight },
    'settled',
  ],
  ['open', { open: [open] }, 'unsettled'],
  ['pending', { pending: [{ from: 50, to: 50 }] }, 'waiting'],
  ['in flight', { claim }, 'unsettled'],
  ['in flight at a crash', { crashed: claim.inFlight }, 'waiting'],
  ['nowhere in its ledger, above all that was left', { ...beyond, left: 49 }, 'settled'],
  ['nowhere in its ledger, below what was left', { ...beyond, left: 50 }, 'unknown'],
  ['above all that was delivered', { delivered: 49 }, 'unknown'],
  ['of an earlier incarnation', { ...beyond, settled: settled(0, 60, 0, 1), born: owner.since + 5_001 }, 'unknown'],
  ['open, but as another record', { open: [{ ...open, timestamp: 1 }] }, 'unknown'],
  ['settled, but as another record', { settled: settled(50, 60, 50, 1) }, 'unknown'],
  ['above a record made after it was delivered', { settled: settled(40, 60, 40, now - 1_000) }, 'settled'],
  [
    'above a record made well after it was delivered',
    { settled: settled(40, 60, 40, owner.since + 60_001) },
    'unknown',
  ],
  ['above a record whose time is still to come', { settled: settled(40, 60, 40, now * 2) }, 'settled'],
  ['below a record made later', { settled: settled(40, 60, 60, owner.since + 60_001) }, 'settled'],
]

describe('an owner', () => {
  it.each(cases)('that is %s', (_, state, expected) => {
    const later = now + 600_000
    expect(standing({ ...emptyState, ...state }, owner, false, later)).toBe(expected)
  })

  it('in the range of the claim that asks is not in flight: the claim would have brought it', () => {
    expect(standing({ ...emptyState, claim, delivered: 60, left: 50 }, owner, true, now)).toBe('unknown')
  })
})

describe('a key', () => {
  const record = (partition: number, offset: number, timestamp = owner.timestamp): RawRecord =>
    new RawRecord({ topic: 't', partition, offset, timestamp, timestampType: 'CREATE_TIME', headers: [] })
  const contest = (...records: RawRecord[]) => {
    const keyed = {
      topic: 't',
      partition: 0,
      state: emptyState,
      records: records.map((one) => ({ record: one, key: 'k' })),
    }
    const [only] = contestsOf([keyed], (key) => key)
    if (only === undefined) throw new Error('no contest')
    return only
  }
  const entry: Entry = { owner, expires: now + 1 }
  const unknown = () => 'unknown' as const

  it('is owned by one record of one incarnation', () => {
    expect(owns(owner, record(0, 50))).toBe(true)
    expect(owns(owner, record(0, 51))).toBe(false)
    expect(owns(owner, record(1, 50))).toBe(false)
    expect(owns(owner, record(0, 50, 1))).toBe(false)
    expect(owns({ ...owner, timestamp: keptTime(2 ** 60) }, record(0, 50, 2 ** 60))).toBe(true)
  })

  it('that nobody has goes to the first record of the batch', () => {
    const [a, b] = [record(0, 51), record(0, 52)]
    expect(rule(contest(a, b), undefined, unknown, now)).toEqual({ kind: 'free', take: a })
  })

  it('whose time is over goes to its owner, if that is there, else to the first', () => {
    const [a, b] = [record(0, 49), record(0, 50)]
    expect(rule(contest(a, b), entry, unknown, now + 1)).toEqual({ kind: 'free', take: b })
    expect(rule(contest(a), entry, unknown, now + 1)).toEqual({ kind: 'free', take: a })
  })

  it('whose owner nobody knows goes to the duplicate: in doubt a record is run again', () => {
    const a = record(0, 51)
    expect(rule(contest(a), entry, unknown, now)).toEqual({ kind: 'free', take: a })
    expect(rule(contest(a), entry, () => 'settled', now)).toEqual({ kind: 'theirs', entry, settled: true })
    expect(rule(contest(a), entry, () => 'unsettled', now)).toEqual({ kind: 'theirs', entry, settled: false })
  })

  it('with a first result is settled, whatever its ledger has forgotten', () => {
    const done = { ...entry, result: 'null' }
    expect(rule(contest(record(0, 51)), done, unknown, now)).toEqual({ kind: 'theirs', entry: done, settled: true })
  })
})
