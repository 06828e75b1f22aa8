import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { claimPairs, doneAll, holder } from './ledger.fixture.js'
import { type Ledger, openLedger } from './ledger.js'
import { itemKey, type LedgerStore, type Transaction } from './store/index.js'
import { add, type Fault, faulty, type ModelStore, modelStore } from './store.fixture.js'
import { maxRounds } from './swap.js'

const topic = 't'
const slept: number[] = []
let store: ModelStore

beforeEach(() => {
  store = modelStore()
  slept.splice(0)
})

const clock: Clock = { ...systemClock, now: () => 0, random: () => 0.5, sleep: async (ms) => void slept.push(ms) }
const open = (over: LedgerStore): Ledger =>
  openLedger({ store: over, clock, group: 'g', leaseMs: 10_000, withholds: false })
const item = async (partition = 0) => (await store.load([itemKey('g', topic, partition)]))[0]

describe('a transaction whose answer is lost', () => {
  it.each<[string, Fault[], number]>([
    ['after it was applied', ['lost after'], 1],
    ['before it arrived', ['lost before'], 2],
    ['and again, before it arrived at last', ['lost before', 'lost before', 'lost before', 'lost after'], 4],
    ['as others are in its way', ['contended', 'lost before', 'contended', 'lost after'], 4],
  ])('%s is known again, and applied once', async (_, transactions, sendings) => {
    const sent: Transaction[] = []
    const ledger = open(faulty(store, { transactions, sent }))
    const progress = doneAll(await claimPairs(ledger, topic, 'me', 2))
    expect(await ledger.commit(progress, [add('a')], holder())).toMatchObject({ kind: 'written' })
    expect([store.count(add('a')), sent.length]).toEqual([1, sendings])
    for (const partition of [0, 1]) expect(await item(partition)).toMatchObject({ version: 2, state: { claim: null } })
  })

  it('every time is unknown, and what comes of it later is not made again', async () => {
    const sent: Transaction[] = []
    const transactions = Array.from({ length: maxRounds }, () => 'lost before' as const)
    const ledger = open(faulty(store, { transactions, sent }))
    const claims = await claimPairs(ledger, topic)
    expect(await ledger.commit(doneAll(claims), [add('a')], holder())).toEqual({ kind: 'unknown' })
    expect([sent.length, store.count(add('a'))]).toEqual([maxRounds, 0])
    // All of them land late: each is of the same version, so that one counts at most.
    const results = []
    for (const transaction of sent) results.push((await store.transact(transaction)).kind)
    expect(results).toEqual(['applied', ...Array.from({ length: maxRounds - 1 }, () => 'conflict')])
    expect(store.count(add('a'))).toBe(1)
    expect(await ledger.record(doneAll(claims), holder())).toEqual([{ kind: 'stale' }])
  })

  it('and that lands late, between two tries, is known again', async () => {
    const late: Transaction[] = []
    const ledger = open({
      ...store,
      async transact(transaction) {
        if (late.push(transaction) === 1) return { kind: 'lost', cause: new Error('no answer') }
        // The first lands just before the second arrives.
        for (const one of late.splice(0, 1)) await store.transact(one)
        return store.transact(transaction)
      },
    })
    const progress = doneAll(await claimPairs(ledger, topic))
    expect(await ledger.commit(progress, [add('a')], holder())).toMatchObject({ kind: 'written' })
    expect([store.count(add('a')), (await item())?.version]).toEqual([1, 2])
  })

  it('is tried again at once, and then ever more slowly', async () => {
    const transactions = Array.from({ length: maxRounds }, () => 'contended' as const)
    const ledger = open(faulty(store, { transactions }))
    const claims = await claimPairs(ledger, topic)
    expect(await ledger.commit(doneAll(claims), [add('a')], holder())).toEqual({ kind: 'unknown' })
    // Milliseconds, half of which is chance.
    expect(slept).toEqual([40, 80, 160, 320, 640, 1280])
  })
})
