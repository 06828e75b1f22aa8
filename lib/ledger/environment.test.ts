import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { claimPairs, done, doneAll, granted, holder, partitionsOf, settleAll } from './ledger.fixture.js'
import { type Ledger, type LedgerSettings, openLedger } from './ledger.js'
import { openRecord, pending, t0, timeOf } from './state.fixture.js'
import { emptyState, type LedgerState } from './state.js'
import { asideKey, itemKey } from './store/index.js'
import { add, exists, type Faults, faulty, type ModelStore, modelStore } from './store.fixture.js'

const topic = 't'
let store: ModelStore
let now: number
beforeEach(() => {
  store = modelStore()
  now = t0
})

const clock: Clock = { ...systemClock, now: () => now, sleep: async () => {} }
const open = (facts: Partial<LedgerSettings> = {}): Ledger =>
  openLedger({ store, clock, group: 'g', leaseMs: 10_000, withholds: false, ...facts })
const losing = (faults: Faults) => open({ store: faulty(store, faults) })
const batch = (...offsets: number[]) =>
  partitionsOf(
    topic,
    offsets.map((offset) => ({ offset, timestamp: timeOf(offset) })),
  )
const claimed = async (ledger: Ledger, owner: string, ...offsets: number[]) =>
  granted((await ledger.claim(batch(...offsets), holder(owner)))[0])
const item = async (partition = 0) => (await store.load([itemKey('g', topic, partition)]))[0]
async function given(facts: Partial<LedgerState>): Promise<void> {
  await store.swap([
    { key: itemKey('g', topic, 0), known: 0, item: { version: 1, writeId: 'w', state: { ...emptyState, ...facts } } },
  ])
}
const readsOf = async (act: () => Promise<unknown>): Promise<number> => {
  const { readUnits } = store.usage
  await act()
  return store.usage.readUnits - readUnits
}

describe('a lease', () => {
  it.each([
    ['lasts as long as it is set to', Number.POSITIVE_INFINITY, 10_000],
    ['lasts no longer than the process of its owner, and a second for clocks that differ', 3_000, 4_000],
    ['is not shortened by a process that outlasts it just so', 9_000, 10_000],
  ])('%s', async (_, left, lasts) => {
    const ledger = open()
    const owner = holder('me', t0 + left)
    const claims = (await ledger.claim(batch(0, 1), owner)).map(granted)
    expect(claims).toMatchObject([{ leaseEnd: t0 + lasts, state: { claim: { leaseEnd: t0 + lasts } } }])
  })

  it('begins anew with every checkpoint, in a transaction or not, and the answer says until when', async () => {
    const ledger = open()
    const claims = await claimPairs(ledger, topic)
    now += 1_000
    const marker = { from: 1, to: 1, timestamp: timeOf(1) }
    expect(await ledger.record(doneAll(claims, { marker }), holder())).toEqual([
      { kind: 'written', leaseEnd: t0 + 11_000 },
    ])
    expect((await item())?.state.claim).toMatchObject({ owner: 'me', leaseEnd: t0 + 11_000, marker })
    now += 1_000
    expect(await ledger.commit(doneAll(claims, { marker: null }), [add('a')], holder('me', now))).toEqual({
      kind: 'written',
      leaseEnd: t0 + 3_000,
    })
    expect((await item())?.state.claim).toMatchObject({ owner: 'me', leaseEnd: t0 + 3_000, marker: null })
  })

  it('holds nobody off from another partition of the same event', async () => {
    await claimPairs(open(), topic, 'other')
    const both = partitionsOf(topic, [{ partition: 0 }, { partition: 1 }])
    expect(await open().claim(both, holder())).toMatchObject([
      { kind: 'busy', leaseEnd: t0 + 10_000, partition: { partition: 0 } },
      { kind: 'claimed', partition: { partition: 1 }, deliveredBefore: -1, recreated: false, abandoned: [] },
    ])
  })
})

describe('a claim', () => {
  it('brings what is due, and what a batch reaches beyond', async () => {
    const state = {
      settled: [{ from: 2, to: 3, anchors: [{ offset: 2, timestamp: timeOf(2) }] }],
      open: [openRecord(1)],
    }
    await given({ ...state, delivered: 3, newest: timeOf(3) })
    const { partition, ...claim } = await claimed(open(), 'me', 2, 3, 4, 6)
    expect(claim.todo).toEqual(partition.records.slice(2))
    expect(claim).toMatchObject({ deliveredBefore: 3, abandoned: [openRecord(1)], recreated: false })
    expect(Object.keys(claim)).not.toContain('isDue')
  })

  it('of a recreated topic puts what was known aside, as it was', async () => {
    await given({ settled: [{ from: 0, to: 3, anchors: [{ offset: 0, timestamp: 1 }] }], delivered: 3 })
    const before = await item()
    const claim = await claimed(open(), 'me', 0, 1)
    expect([claim.recreated, claim.todo.length, claim.state.settled]).toEqual([true, 2, []])
    expect(await store.load([asideKey(itemKey('g', topic, 0), 1)])).toEqual([before])
  })

  it('compares timestamps as the ledger can keep them: whole, and not beyond 35,000 years', async () => {
    const times = [1.5, -1.5, 2 ** 60, -(2 ** 60)]
    const records = times.map((timestamp, offset) => ({ offset, timestamp }))
    const ledger = open()
    const [claim] = await ledger.claim(partitionsOf(topic, records), holder())
    expect(granted(claim).state).toMatchObject({ delivered: 3, newest: 1, claim: { inFlight: { from: 0, to: 3 } } })
    const kept = [1, -1, 2 ** 50, -(2 ** 50)]
    const progress = done(granted(claim))
    const disposed = progress.records.map((one, i) => ({ ...one, timestamp: kept[i] ?? 0 }))
    await ledger.record([{ ...progress, records: disposed }], holder())
    expect((await item())?.state.settled[0]?.anchors.at(-1)).toEqual({ offset: 3, timestamp: -(2 ** 50) })
    const again = granted((await ledger.claim(partitionsOf(topic, records), holder('next')))[0])
    expect([again.recreated, again.todo]).toEqual([false, []])
    const mixed = [{ offset: 0, timestamp: 1 }, ...records.slice(1)]
    const third = granted((await ledger.claim(partitionsOf(topic, mixed), holder('next')))[0])
    expect([third.recreated, third.todo]).toEqual([false, []])
  })

  it('of a batch that was known before it waited for a lease is no cause for doubt, whatever is settled meanwhile', async () => {
    const [mine, other] = [open(), open()]
    const first = await claimed(other, 'other', 0, 1, 2, 3)
    const waiting = batch(1, 2)
    expect(await mine.claim(waiting, holder())).toMatchObject([{ kind: 'busy' }])
    await settleAll(other, [first], 'other')
    // Behind it another batch was settled: what was in hand last is not the waiting one any more.
    await settleAll(other, [await claimed(other, 'other', 4, 5)], 'other')
    expect(granted((await mine.claim(waiting, holder()))[0]).todo).toEqual([])
    await settleAll(mine, [await claimed(mine, 'me', 6)], 'me')
    // The same records, brought by somebody who did not wait, are run again.
    expect((await claimed(mine, 'me', 1, 2)).todo).toHaveLength(2)
  })

  it('of a batch that was in doubt before it waited is in doubt still', async () => {
    await given({ settled: [{ from: 0, to: 9, anchors: [] }], delivered: 9, newest: timeOf(9) })
    const [mine, other] = [open(), open()]
    const first = await claimed(other, 'other', 10)
    const waiting = batch(1, 2)
    expect(await mine.claim(waiting, holder())).toMatchObject([{ kind: 'busy' }])
    await settleAll(other, [first], 'other')
    expect(granted((await mine.claim(waiting, holder()))[0]).todo).toHaveLength(2)
  })
})

describe('what is recorded', () => {
  it.each([
    ['fills the provable holes between its records', false, [{ from: 0, to: 4 }]],
    [
      'fills none where the mapping may withhold records',
      true,
      [
        { from: 0, to: 0 },
        { from: 4, to: 4 },
      ],
    ],
  ])('%s (rule 3)', async (_, withholds, ranges) => {
    const ledger = open({ withholds })
    await settleAll(ledger, [await claimed(ledger, 'me', 0, 4)], 'me')
    expect((await item())?.state.settled).toMatchObject(ranges)
  })

  it('takes reported records out of the open ones', async () => {
    await given({ open: [openRecord(1), openRecord(2)], delivered: 2 })
    const ledger = open()
    const claim = await claimed(ledger, 'me', 4)
    await ledger.record([{ ...done(claim), abandoned: [2] }], holder())
    expect((await item())?.state.open).toEqual([openRecord(1)])
  })

  it('is at least once, unless it is to be at most once', async () => {
    expect(open().delivery).toBe('at-least-once')
    const ledger = open({ delivery: 'at-most-once' })
    expect([ledger.delivery, ledger.leaseMs, ledger.usage]).toEqual([
      'at-most-once',
      10_000,
      { ...store.usage, recreated: 0 },
    ])
    const claim = await claimed(ledger, 'me', 0, 1)
    expect((await item())?.state.settled).toMatchObject([{ from: 0, to: 1 }])
    const records = claim.partition.records.map(({ offset, timestamp }) => ({
      offset,
      timestamp,
      disposition: pending,
    }))
    await ledger.record([{ ...done(claim), records }], holder())
    expect((await item())?.state).toMatchObject({ settled: [{ from: 0, to: 1 }], pending: [{ from: 0, to: 1 }] })
  })

  it('of several partitions has for each its own end', async () => {
    const [slow, next] = [open(), open()]
    const claims = await claimPairs(slow, topic, 'slow', 2)
    now += 10_000
    await claimPairs(next, topic, 'next')
    expect(await slow.record(doneAll(claims), holder('slow'))).toEqual([
      { kind: 'stale' },
      { kind: 'written', leaseEnd: now + 10_000 },
    ])
  })

  it('is unknown where every answer is lost', async () => {
    const ledger = losing({ swaps: [undefined, ...Array.from({ length: 8 }, () => 'lost before' as const)] })
    expect(await settleAll(ledger, [await claimed(ledger, 'me', 0)], 'me')).toEqual(['unknown'])
  })
})

describe('an environment', () => {
  it('reads nothing that it wrote itself, in transactions or not', async () => {
    const ledger = open()
    const claims = await claimPairs(ledger, topic, 'me', 2)
    const reads = await readsOf(async () => {
      await ledger.record(doneAll(claims, { marker: null }), holder())
      await ledger.commit(doneAll(claims, { marker: null }), [add('a')], holder())
      await ledger.record(doneAll(claims), holder())
    })
    expect(reads).toBe(0)
  })

  it.each<[string, (ledger: Ledger) => Promise<unknown>]>([
    [
      'a transaction that was refused',
      async (ledger) => {
        const claims = await claimPairs(ledger, topic)
        expect(await ledger.commit(doneAll(claims), [exists('absent')], holder())).toMatchObject({ kind: 'refused' })
      },
    ],
    [
      'a transaction that was invalid',
      async (ledger) => {
        const claims = await claimPairs(ledger, topic)
        expect(await ledger.commit(doneAll(claims), [add('a'), add('a')], holder())).toMatchObject({ kind: 'invalid' })
      },
    ],
    [
      'a write that was stopped',
      async (ledger) => {
        const claims = await claimPairs(ledger, topic)
        expect(await ledger.record(doneAll(claims), holder('stranger'))).toEqual([{ kind: 'stale' }])
      },
    ],
  ])('reads again after %s', async (_, act) => {
    const ledger = open()
    await act(ledger)
    expect(await readsOf(() => claimPairs(ledger, topic))).toBe(1)
  })

  it('settles with what it knows where a transaction changes nothing for a stale invocation (rule 4)', async () => {
    const [slow, next] = [open(), open()]
    const claims = await claimPairs(slow, topic, 'slow', 2)
    now += 10_000
    await claimPairs(next, topic, 'next')
    expect(await slow.commit(doneAll(claims), [add('a')], holder('slow'))).toEqual({ kind: 'stale' })
    expect([store.count(add('a')), (await item(1))?.version]).toEqual([0, 1])
  })

  it('reads again where a transaction lost to a rival, and not where others were only in its way', async () => {
    for (const [transactions, reads] of [
      [['contended', 'contended'], 0],
      [['lost before', 'contended'], 1],
    ] as const) {
      const ledger = losing({ transactions })
      const claims = await claimPairs(ledger, topic)
      const commit = () => ledger.commit(doneAll(claims), [add('a')], holder())
      expect(await readsOf(async () => expect(await commit()).toMatchObject({ kind: 'written' }))).toBe(reads)
    }
  })
})
