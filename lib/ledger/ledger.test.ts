import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { granted, holder, partitionsOf, settleAll } from './ledger.fixture.js'
import { type Claimed, type Ledger, openLedger } from './ledger.js'
import { itemKey, type LedgerStore } from './store/index.js'
import { type Fault, faulty, modelStore } from './store.fixture.js'

const topic = 't'
let store: LedgerStore
let now: number

beforeEach(() => {
  store = modelStore()
  now = 1_000_000
})

const clock: Clock = { ...systemClock, now: () => now, sleep: async () => {} }
const open = (over: LedgerStore = store): Ledger =>
  openLedger({ store: over, clock, group: 'g', leaseMs: 10_000, withholds: false })
const batch = (...offsets: number[]) =>
  partitionsOf(
    topic,
    offsets.map((offset) => ({ offset, value: 'v' })),
  )
const claimed = async (ledger: Ledger, owner: string, ...offsets: number[]): Promise<Claimed> =>
  granted((await ledger.claim(batch(...offsets), holder(owner)))[0])
const item = async () => (await store.load([itemKey('g', topic, 0)]))[0]

const losing = (swaps: readonly Fault[]): LedgerStore => faulty(store, { swaps })

describe('the ledger', () => {
  it('holds off a second invocation while a lease runs, and lets it in when it is over', async () => {
    await claimed(open(), 'one', 0, 1)
    expect(await open().claim(batch(0, 1), holder('two'))).toMatchObject([{ kind: 'busy', leaseEnd: now + 10_000 }])
    now += 10_000
    const taken = await claimed(open(), 'two', 0, 1)
    expect(taken.state.crashed).toEqual({ from: 0, to: 1 })
  })

  it('lets a stale invocation change nothing (rule 4)', async () => {
    const [slow, next] = [open(), open()]
    const stale = await claimed(slow, 'slow', 0, 1)
    now += 10_000
    const taken = await claimed(next, 'next', 0, 1)
    const before = await item()
    expect(await settleAll(slow, [stale], 'slow')).toEqual(['stale'])
    expect(await item()).toEqual(before)
    expect(await settleAll(next, [taken], 'next')).toEqual(['written'])
    expect(await settleAll(slow, [stale], 'slow')).toEqual(['stale'])
    expect((await item())?.state.settled).toMatchObject([{ from: 0, to: 1 }])
  })

  it.each([
    ['a claim whose answer was lost after it was applied', ['lost after']],
    ['a claim that never arrived', ['lost before']],
    ['a settle whose answer was lost after it was applied', [undefined, 'lost after']],
    ['a settle that never arrived', [undefined, 'lost before']],
    ['every second call', ['lost before', undefined, 'lost after', undefined, 'lost after']],
  ] as const)('recognises %s, and applies it once', async (_, faults) => {
    const ledger = open(losing(faults))
    const taken = await claimed(ledger, 'me', 0, 1, 2)
    expect(await settleAll(ledger, [taken], 'me')).toEqual(['written'])
    expect(await item()).toMatchObject({
      version: 2,
      state: { settled: [{ from: 0, to: 2 }], claim: null, crashed: null },
    })
  })

  it('takes nothing for claimed when no answer comes at all, and trusts nothing it remembers', async () => {
    const ledger = open(losing(Array.from({ length: 8 }, () => 'lost before' as const)))
    expect(await ledger.claim(batch(0), holder('me'))).toMatchObject([{ kind: 'busy', leaseEnd: now }])
    expect((await claimed(ledger, 'me', 0)).kind).toBe('claimed')
  })

  it('remembers the items of its own last writes, and reads again when somebody else has written', async () => {
    const [one, other] = [open(), open({ ...store })]
    await settleAll(one, [await claimed(one, 'a', 0)], 'a')
    await settleAll(other, [await claimed(other, 'b', 1)], 'b')
    const reads = one.usage.readUnits
    const third = await claimed(one, 'c', 2)
    expect(third.state.settled).toMatchObject([{ from: 0, to: 1 }])
    await settleAll(one, [third], 'c')
    await settleAll(one, [await claimed(one, 'd', 3)], 'd')
    expect(one.usage.readUnits - reads).toBeLessThanOrEqual(1)
  })
})
