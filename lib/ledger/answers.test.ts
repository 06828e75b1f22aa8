import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { claimPairs, doneAll, holder } from './ledger.fixture.js'
import { type Ledger, openLedger } from './ledger.js'
import { emptyState } from './state.js'
import { itemKey, type LedgerStore, type Transaction } from './store/index.js'
import { add, exists, type Fault, faulty, type ModelStore, modelStore } from './store.fixture.js'
import { type Change, maxRounds } from './swap.js'
import { transact } from './transact.js'

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
    expect(await ledger.commit(doneAll(claims), [add('a')], holder())).toMatchObject({ kind: 'contended' })
    // Milliseconds, half of which is chance.
    expect(slept).toEqual([40, 80, 160, 320, 640, 1280])
  })
})

describe('the changes of a transaction', () => {
  const key = (partition: number) => itemKey('g', topic, partition)
  /** Delivered one more, told by the state that it met. */
  const count = (partition: number, facts: Partial<Change<string, string>> = {}): Change<string, string> => ({
    key: key(partition),
    known: undefined,
    decide: (state) => ({ write: { ...state, delivered: state.delivered + 1 }, info: `met ${state.delivered}` }),
    ...facts,
  })
  const run = (changes: readonly Change<string, string>[], on: LedgerStore = store) =>
    transact(on, clock, 'me', changes, [add('a')])
  async function rival(partition: number): Promise<void> {
    const version = (await item(partition))?.version ?? 0
    const state = { ...emptyState, delivered: 9 }
    await store.swap([{ key: key(partition), known: version, item: { version: version + 1, writeId: 'rival', state } }])
  }

  it('come with what they met and wrote, in their order', async () => {
    await rival(1)
    const done = await run([count(0), count(1)])
    expect(done).toEqual({
      kind: 'all',
      changed: [
        { kind: 'written', info: 'met -1', item: await item(0) },
        { kind: 'written', info: 'met 9', item: await item(1) },
      ],
    })
    expect(await item(1)).toMatchObject({ version: 2, state: { delivered: 10 } })
  })

  it('are none of them made where one is not to be, and nothing is sent', async () => {
    const sent: Transaction[] = []
    const stopped = count(1, { decide: () => ({ stop: 'no' }) })
    expect(await run([count(0), stopped], faulty(store, { sent }))).toEqual({ kind: 'stopped', stop: 'no' })
    expect([sent, await item(0)]).toEqual([[], undefined])
  })

  it('are decided anew on what a rival wrote first', async () => {
    await rival(0)
    const known = await item(0)
    await rival(0)
    expect(await run([count(0, { known }), count(1)])).toMatchObject({
      kind: 'all',
      changed: [{ info: 'met 9', item: { version: 3 } }, { info: 'met -1' }],
    })
    expect(store.count(add('a'))).toBe(1)
  })

  it('are known not to be made where others are in their way every time, and undecided where one answer was lost', async () => {
    const transactions = Array.from({ length: maxRounds }, () => 'contended' as const)
    expect(await run([count(0)], faulty(store, { transactions }))).toMatchObject({ kind: 'contended' })
    const faults = { transactions: ['lost before' as const, ...transactions.slice(1)] }
    expect(await run([count(0)], faulty(store, faults))).toEqual({ kind: 'undecided' })
    expect(await item(0)).toBeUndefined()
  })

  it('are undecided where rivals win every time', async () => {
    const transactions = Array.from({ length: maxRounds }, () => 'conflict' as const)
    expect(await run([count(0)], faulty(store, { transactions }))).toEqual({ kind: 'undecided' })
  })

  it('are denied at the first try that is refused for good, unless an answer was lost before it', async () => {
    const [once, twice]: [Transaction[], Transaction[]] = [[], []]
    expect(await run([count(0)], faulty(store, { transactions: ['denied'], sent: once }))).toMatchObject({
      kind: 'denied',
    })
    const afterLost = faulty(store, { transactions: ['lost before', 'denied'], sent: twice })
    expect(await run([count(0)], afterLost)).toEqual({ kind: 'undecided' })
    expect([once.length, twice.length]).toEqual([1, 2])
  })

  it('are read once, however often others are in their way', async () => {
    const on = faulty(store, { transactions: ['contended', 'contended', 'contended'] })
    const { readUnits } = store.usage
    expect(await run([count(0), count(1)], on)).toMatchObject({ kind: 'all' })
    expect(store.usage.readUnits - readUnits).toBe(2)
  })

  it('are known to have landed by each that is still there; one that was overwritten since is none of them', async () => {
    const on: LedgerStore = {
      ...store,
      async transact(transaction) {
        await store.transact(transaction)
        await rival(0)
        return { kind: 'lost', cause: new Error('no answer') }
      },
    }
    expect(await run([count(0), count(1)], on)).toEqual({
      kind: 'all',
      changed: [undefined, { kind: 'written', info: 'met -1', item: await item(1) }],
    })
    expect(store.count(add('a'))).toBe(1)
  })

  it('that are known again are remembered: what is written next needs no read', async () => {
    const ledger = open(faulty(store, { transactions: ['lost after'] }))
    const claims = await claimPairs(ledger, topic, 'me', 2)
    expect(await ledger.commit(doneAll(claims, { marker: null }), [add('a')], holder())).toMatchObject({
      kind: 'written',
    })
    const { readUnits } = store.usage
    await ledger.record(doneAll(claims), holder())
    expect(store.usage.readUnits).toBe(readUnits)
  })

  it.each([
    ['refused', exists('absent')],
    ['invalid', { ...add('a') }],
  ])('are not tried again where the handlers’ own writes are %s', async (kind, write) => {
    const sent: Transaction[] = []
    const writes = [add('a'), write]
    expect(await transact(faulty(store, { sent }), clock, 'me', [count(0)], writes)).toMatchObject({ kind })
    expect([sent.length, await item(0), store.count(add('a'))]).toEqual([1, undefined, 0])
  })
})
