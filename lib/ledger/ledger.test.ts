import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { type Claimed, type Holder, type Ledger, openLedger, type Progress } from './ledger.js'
import { dynamodbStore, itemKey, type LedgerStore, type SwapResult } from './store/index.js'

let deployment: TestDeployment
let store: LedgerStore
let topic = 't'
let topics = 0
let now = 1_000_000

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `t${topics++}`
  store = dynamodbStore(deployment.client, deployment.ledgerTable)
})

const clock: Clock = { ...systemClock, now: () => now, sleep: async () => {} }
const open = (over: LedgerStore = store): Ledger =>
  openLedger({ store: over, clock, group: 'g', leaseMs: 10_000, withholds: false })
const batch = (...offsets: number[]) =>
  readBatch(kafkaEvent({ topic, records: offsets.map((offset) => ({ offset, value: 'v' })) })).partitions
const holder = (owner: string): Holder => ({ owner, deadline: Number.POSITIVE_INFINITY })
const settle = async (ledger: Ledger, progress: Progress[], owner: string): Promise<string[]> =>
  (await ledger.record(progress, holder(owner))).map(({ kind }) => kind)
const done = (claimed: Claimed): Progress => ({
  claimed,
  abandoned: [],
  hold: null,
  records: claimed.partition.records.map(({ offset, timestamp }) => ({
    offset,
    timestamp,
    disposition: { kind: 'settled' },
  })),
})
async function claimed(ledger: Ledger, owner: string, ...offsets: number[]): Promise<Claimed> {
  const [claim] = await ledger.claim(batch(...offsets), holder(owner))
  if (claim?.kind !== 'claimed') throw new Error('busy')
  return claim
}
const item = async () => (await store.load([itemKey('g', topic, 0)]))[0]

/** A store some of whose answers are lost: each fault decides, swap call by swap call, whether the call gets through. */
function losing(faults: ('before' | 'after' | undefined)[]): LedgerStore {
  return {
    usage: store.usage,
    load: (keys) => store.load(keys),
    transact: (transaction) => store.transact(transaction),
    async swap(swaps) {
      const fault = faults.shift()
      const results = fault === 'before' ? undefined : await store.swap(swaps)
      const lost = (): SwapResult => ({ kind: 'lost', cause: new Error('no answer') })
      return fault === undefined && results !== undefined ? results : swaps.map(lost)
    },
  }
}

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
    expect(await settle(slow, [done(stale)], 'slow')).toEqual(['stale'])
    expect(await item()).toEqual(before)
    expect(await settle(next, [done(taken)], 'next')).toEqual(['written'])
    expect(await settle(slow, [done(stale)], 'slow')).toEqual(['stale'])
    expect((await item())?.state.settled).toMatchObject([{ from: 0, to: 1 }])
  })

  it.each([
    ['a claim whose answer was lost after it was applied', ['after']],
    ['a claim that never arrived', ['before']],
    ['a settle whose answer was lost after it was applied', [undefined, 'after']],
    ['a settle that never arrived', [undefined, 'before']],
    ['every second call', ['before', undefined, 'after', undefined, 'after']],
  ] as const)('recognises %s, and applies it once', async (_, faults) => {
    const ledger = open(losing([...faults]))
    const taken = await claimed(ledger, 'me', 0, 1, 2)
    expect(await settle(ledger, [done(taken)], 'me')).toEqual(['written'])
    expect(await item()).toMatchObject({
      version: 2,
      state: { settled: [{ from: 0, to: 2 }], claim: null, crashed: null },
    })
  })

  it('takes nothing for claimed when no answer comes at all, and trusts nothing it remembers', async () => {
    const ledger = open(losing(Array.from({ length: 8 }, () => 'before' as const)))
    expect(await ledger.claim(batch(0), holder('me'))).toMatchObject([{ kind: 'busy', leaseEnd: now }])
    expect((await claimed(ledger, 'me', 0)).kind).toBe('claimed')
  })

  it('remembers the items of its own last writes, and reads again when somebody else has written', async () => {
    const [one, other] = [open(), open(dynamodbStore(deployment.client, deployment.ledgerTable))]
    await settle(one, [done(await claimed(one, 'a', 0))], 'a')
    await settle(other, [done(await claimed(other, 'b', 1))], 'b')
    const reads = one.usage.readUnits
    const third = await claimed(one, 'c', 2)
    expect(third.state.settled).toMatchObject([{ from: 0, to: 1 }])
    await settle(one, [done(third)], 'c')
    await settle(one, [done(await claimed(one, 'd', 3))], 'd')
    expect(one.usage.readUnits - reads).toBeLessThanOrEqual(1)
  })

  it('never loses an update among fifty writers of as many partitions and one they share [E-05]', async () => {
    const writers = Array.from({ length: 50 }, (_, i) => i)
    await Promise.all(
      writers.map(async (i) => {
        const ledger = open(dynamodbStore(deployment.client, deployment.ledgerTable))
        const partitions = readBatch(
          kafkaEvent({
            topic,
            records: [
              { partition: 1 + i, offset: 0 },
              { partition: 0, offset: i },
            ],
          }),
        ).partitions
        let left = partitions
        while (left.length > 0) {
          const claims = await ledger.claim(left, holder(`w${i}`))
          const mine = claims.filter((one) => one.kind === 'claimed')
          await settle(ledger, mine.map(done), `w${i}`)
          left = claims.filter((one) => one.kind === 'busy').map(({ partition }) => partition)
          await new Promise((resolve) => setImmediate(resolve))
        }
      }),
    )
    const items = await store.load([itemKey('g', topic, 0), ...writers.map((i) => itemKey('g', topic, 1 + i))])
    const settled = (items[0]?.state.settled ?? []).reduce((sum, { from, to }) => sum + to - from + 1, 0)
    expect(settled).toBe(50)
    expect(items.every((one) => one?.state.claim === null)).toBe(true)
  })
})
