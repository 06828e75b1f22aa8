import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { itemKey, type LedgerStore } from '../ledger/index.js'
import { fallback, type Outcome, ok, retry } from '../outcome/index.js'
import type { RecordSpec } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { add, type Environment, type EnvironmentOptions, effectsTable, put, World } from './engine.fixture.js'
import type { Atomicity } from './engine.js'
import type { Processed } from './process.js'

let deployment: TestDeployment
let world: World
let calls: string[]
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none', tables: [effectsTable] })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
  calls = []
})

const id = (name: string) => `${world.group} ${name}`
/** Two records of each of so many partitions. */
const batchOf = (partitions: number): RecordSpec[] =>
  Array.from({ length: partitions * 2 }, (_, i) => ({
    partition: Math.floor(i / 2),
    offset: i % 2,
    key: String(i),
    value: i,
  }))
const left = (processed: Processed | 'died'): Record<string, readonly number[]> => {
  if (processed === 'died') throw new Error('died')
  return Object.fromEntries(processed.unsettled.map(({ identifier, offsets }) => [identifier, offsets]))
}
const noting = (store: LedgerStore): LedgerStore => ({
  ...store,
  async swap(swaps) {
    calls.push(`swap ${swaps.length}`)
    return store.swap(swaps)
  },
  async transact(transaction) {
    calls.push(`transact ${transaction.swaps.length}+${transaction.writes.length}`)
    return store.transact(transaction)
  },
})

/** Each record adds one to its own item; outcomes are `ok` but for the records that `outcomes` names as `partition:offset`. */
function environment(
  atomicity: Atomicity,
  outcomes: Record<string, Outcome> = {},
  options: EnvironmentOptions = {},
): Environment {
  return world.environment({
    atomicity,
    through: noting,
    async handle({ partition, offset }, run) {
      const name = `${partition}:${offset}`
      run.atomically([add(id(name))])
      return outcomes[name] ?? ok()
    },
    ...options,
  })
}
const effects = (...names: string[]) => Promise.all(names.map((name) => world.effect(id(name))))

describe("atomicity 'partition'", () => {
  it('settles nothing of a partition in which one record fails, and makes none of its effects [K-03]', async () => {
    const { deliver } = environment('partition', { '1:1': retry('no') })
    expect(left(await deliver(batchOf(2)))).toEqual({ 't-0': [], 't-1': [0, 1] })
    expect(await effects('0:0', '0:1', '1:0', '1:1')).toEqual([1, 1, undefined, undefined])
    expect(await world.state(1)).toMatchObject({ settled: [], open: [{ offset: 1, attempts: 1 }], claim: null })
    expect((await world.state(0)).settled).toMatchObject([{ from: 0, to: 1 }])
  })

  it('settles it whole, with the effects of all, once none fails [K-03]', async () => {
    await environment('partition', { '1:1': retry('no') }).deliver(batchOf(2))
    expect(left(await environment('partition').deliver(batchOf(2)))).toEqual({ 't-0': [], 't-1': [] })
    expect(await effects('0:0', '0:1', '1:0', '1:1')).toEqual([1, 1, 1, 1])
    expect((await world.state(1)).settled).toMatchObject([{ from: 0, to: 1 }])
  })

  it('settles it with what was given up in it: an acknowledged fallback is no failure [K-03]', async () => {
    const { deliver } = environment('partition', { '0:1': fallback('no good') })
    expect(left(await deliver(batchOf(1)))).toEqual({ 't-0': [] })
    expect(await effects('0:0', '0:1')).toEqual([1, undefined])
    expect(await world.failures()).toEqual([[1, 'outcome']])
  })

  it('fails it whole where DynamoDB refuses the write of one record [K-03]', async () => {
    const { deliver } = environment(
      'partition',
      {},
      {
        async handle({ offset }, run) {
          run.atomically([offset === 0 ? add(id('0')) : put(id('1'), 1, 'attribute_exists(id)')])
          return ok()
        },
      },
    )
    expect(left(await deliver(batchOf(1)))).toEqual({ 't-0': [0, 1] })
    expect(await effects('0', '1')).toEqual([undefined, undefined])
    expect(await world.state()).toMatchObject({ settled: [], open: [{ offset: 1, attempts: 1 }] })
  })

  it('settles nothing in between: a checkpoint renews the lease alone', async () => {
    const settledMeanwhile: number[] = []
    const made = environment(
      'partition',
      {},
      {
        concurrency: 1,
        checkpointRecords: 1,
        async handle() {
          settledMeanwhile.push((await world.state()).settled.length)
          return ok()
        },
      },
    )
    expect(left(await made.deliver(batchOf(1)))).toEqual({ 't-0': [] })
    expect(settledMeanwhile).toEqual([0, 0])
    expect((await world.state()).settled).toMatchObject([{ from: 0, to: 1 }])
  })
})

describe("atomicity 'batch'", () => {
  it('settles nothing of the whole event if one record fails, and reports all of it [K-03]', async () => {
    const { deliver } = environment('batch', { '1:1': retry('no') })
    const processed = await deliver(batchOf(3))
    expect(left(processed)).toEqual({ 't-0': [0, 1], 't-1': [0, 1], 't-2': [0, 1] })
    expect(processed).toMatchObject({ tally: { ok: 0, retry: 1, pending: 5 } })
    expect(await effects('0:0', '0:1', '1:0', '1:1', '2:0', '2:1')).toEqual(Array(6).fill(undefined))
    for (const partition of [0, 1, 2]) expect(await world.state(partition)).toMatchObject({ settled: [], claim: null })
    expect(calls).toEqual(['swap 3', 'swap 3'])
  })

  it('settles all of it in one transaction over all ledger items, effects included [K-03]', async () => {
    const { deliver } = environment('batch')
    expect(left(await deliver(batchOf(3)))).toEqual({ 't-0': [], 't-1': [], 't-2': [] })
    expect(calls).toEqual(['swap 3', 'transact 3+6'])
    expect(await effects('0:0', '0:1', '1:0', '1:1', '2:0', '2:1')).toEqual(Array(6).fill(1))
    for (const partition of [0, 1, 2]) {
      expect(await world.state(partition)).toMatchObject({ settled: [{ from: 0, to: 1 }], claim: null })
    }
  })

  it('settles it in one transaction where its handlers write nothing, too [K-03]', async () => {
    const { deliver } = environment('batch', {}, { handle: async () => ok() })
    expect(left(await deliver(batchOf(3)))).toEqual({ 't-0': [], 't-1': [], 't-2': [] })
    expect(calls).toEqual(['swap 3', 'transact 3+0'])
  })

  it('keeps the attempts of what failed, and what was given up, which is not run once more', async () => {
    await environment('batch', { '1:1': retry('no'), '0:0': fallback('no good') }).deliver(batchOf(2))
    expect((await world.state(1)).open).toMatchObject([{ offset: 1, attempts: 1 }])
    expect(await world.state(0)).toMatchObject({ settled: [], open: [{ offset: 0, givenUp: true }] })
    expect(left(await environment('batch').deliver(batchOf(2)))).toEqual({ 't-0': [], 't-1': [] })
    expect(await effects('0:0', '0:1', '1:0', '1:1')).toEqual([undefined, 1, 1, 1])
    // Written with its reason at once, and not written over when it is given up again in the next delivery.
    expect(await world.failures()).toEqual([[0, 'outcome']])
  })

  it('waits for all of its partitions: it runs none while somebody else holds one [K-03]', async () => {
    const ran: number[] = []
    const { deliver, engine } = environment(
      'batch',
      {},
      {
        async handle({ partition }) {
          ran.push(partition)
          return ok()
        },
      },
    )
    const other = world.environment({ handle: () => new Promise(() => {}) })
    void other.deliver(batchOf(1))
    const seen = () => world.store().load([itemKey(world.group, world.topic, 0)])
    await expect
      .poll(async () => (await seen())[0]?.state.claim ?? null, { interval: 5, timeout: 20_000 })
      .not.toBeNull()
    const little = { remainingMs: () => 5_000, reserveMs: 1_000 }
    expect(left(await deliver(batchOf(2), little))).toEqual({ 't-0': [0, 1], 't-1': [0, 1] })
    expect([ran, (await world.state(1)).claim]).toEqual([[], null])
    void other.die()
    // With more time it outwaits the lease of the one that died, and runs it alone at first.
    expect(left(await deliver(batchOf(2), { remainingMs: () => 60_000, reserveMs: 1_000 }))).toEqual({
      't-0': [],
      't-1': [],
    })
    expect(world.clock.now()).toBeGreaterThanOrEqual(1_800_000_000_000 + engine.ledger.leaseMs)
    expect(ran.sort()).toEqual([0, 0, 1, 1])
  })

  it('is refused with a code above what one transaction takes: 100 partitions and writes together [K-03]', async () => {
    const most = environment(
      'batch',
      {},
      {
        handle: async (record, run) => {
          if (record.offset === 0) run.atomically([add(id(String(record.partition)))])
          return ok()
        },
      },
    )
    expect(Object.values(left(await most.deliver(batchOf(50)))).flat()).toEqual([])
    expect(calls.at(-1)).toBe('transact 50+50')
    world = new World(deployment)
    const { deliver } = environment('batch')
    await expect(deliver(batchOf(34))).rejects.toMatchObject({ code: 'ML_TRANSACTION_LIMIT' })
    expect(await effects('0:0')).toEqual([undefined])
    expect((await world.state()).settled).toEqual([])
  })
})
