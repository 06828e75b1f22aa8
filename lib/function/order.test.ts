import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FunctionOptions, kafkaFunction, retry } from '../index.js'
import { decodeState, type LedgerState } from '../ledger/index.js'
import { invoke, kafkaEvent, type RecordSpec, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topic = 't'
let topics = 0
captureLogs()
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `order${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
})

type Order = NonNullable<FunctionOptions['order']>
/** One run of a record: when it began and ended, in steps. */
interface Run {
  readonly partition: number
  readonly key: string | null
  readonly offset: number
  readonly attempt: number
  readonly began: number
  readonly ended: number
  readonly ok: boolean
}

/** Each record's handler takes a few turns of the event loop, more or fewer by its offset; every `failing`th fails at first. */
function recording(options: FunctionOptions, failing = Number.POSITIVE_INFINITY) {
  const history: Run[] = []
  let step = 0
  let running = 0
  let most = 0
  const handler = kafkaFunction(options, async ({ partition, key, offset }, { attempt }) => {
    const began = step++
    most = Math.max(most, ++running)
    for (let turn = 0; turn < (offset * 7) % 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    running--
    const ok = attempt > 1 || (offset + 1) % failing !== 0
    history.push({ partition, key, offset, attempt, began, ended: step++, ok })
    if (!ok) return retry('not yet')
  })
  return { handler, history, most: () => most }
}

const laneOf = (order: Order, { partition, key, offset }: Pick<Run, 'partition' | 'key' | 'offset'>): string =>
  order === 'partition' ? `${partition}` : order === 'key' ? `${partition} ${key}` : `${partition} ${offset}`

/** Pairs of runs that break the order of their lane: together at once, or the later before the earlier had gone well. */
function violations(order: Order, history: readonly Run[]): string[] {
  const broken: string[] = []
  for (const later of history) {
    for (const earlier of history) {
      if (earlier.offset >= later.offset || laneOf(order, earlier) !== laneOf(order, later)) continue
      const wentWell = history.some(
        (run) =>
          run.offset === earlier.offset && run.partition === earlier.partition && run.ok && run.ended < later.began,
      )
      if (!wentWell) broken.push(`${laneOf(order, later)}: ${later.offset} before ${earlier.offset}`)
    }
  }
  return broken
}

const specs = (partitions: number, count: number, keys: number): RecordSpec[] =>
  Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: count }, (_, i) => ({ partition, key: `k${i % keys}`, offset: i, value: i })),
  ).flat()

/** Delivers until nothing is reported, as a mapping does that brings only what is reported. */
async function deliver(handler: ReturnType<typeof recording>['handler'], records: readonly RecordSpec[]) {
  let due = records
  for (let deliveries = 1; deliveries < 30; deliveries++) {
    const { batchItemFailures } = await invoke(handler, kafkaEvent({ topic, records: due }))
    if (batchItemFailures.length === 0) return deliveries
    const ids = new Set(batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition} ${offset}`))
    due = due.filter(({ partition, offset }) => ids.has(`${topic}-${partition} ${offset}`))
  }
  throw new Error('not settled')
}

async function ledgerOf(partition: number): Promise<LedgerState> {
  const Key = { pk: { S: `g#${topic}#${partition}` }, sk: { S: 'ledger' } }
  const command = new GetItemCommand({ TableName: deployment.ledgerTable, Key, ConsistentRead: true })
  const { Item } = await deployment.client.send(command)
  if (Item?.s?.B === undefined) throw new Error('no item')
  return decodeState(Item.s.B)
}

describe('the order of a function', () => {
  it.each<[order: Order, failing: number]>([
    ['partition', 1_000],
    ['partition', 7],
    ['key', 1_000],
    ['key', 7],
    ['none', 7],
  ])("'%s' is kept in every lane, also where every %ith record fails at first [P-26, R-16]", async (order, failing) => {
    const { handler, history } = recording({ order, concurrency: 8 }, failing)
    await deliver(handler, specs(3, 40, 6))
    expect(violations(order, history)).toEqual([])
    expect(history.filter(({ ok }) => ok)).toHaveLength(120)
    for (const partition of [0, 1, 2]) expect((await ledgerOf(partition)).settled).toMatchObject([{ from: 0, to: 39 }])
  })

  it.each<[order: Order, partitions: number, keys: number, most: number]>([
    ['partition', 1, 6, 1],
    ['partition', 3, 6, 3],
    ['key', 1, 6, 6],
    ['key', 1, 60, 8],
    ['key', 3, 6, 8],
    ['none', 1, 1, 8],
  ])("'%s' runs, of %i partitions with %i keys each, %i records at once [P-26, R-21]", async (order, partitions, keys, most) => {
    const { handler, most: reached } = recording({ order, concurrency: 8 })
    await deliver(handler, specs(partitions, 60, keys))
    expect(reached()).toBe(most)
  })

  it("'key' and 'none' do mix what 'partition' keeps apart: the checker would see it", async () => {
    const byKey = recording({ order: 'key', concurrency: 8 })
    await deliver(byKey.handler, specs(1, 40, 6))
    expect(violations('partition', byKey.history)).not.toEqual([])
    topic = `order${topics++}`
    process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
    const inNone = recording({ order: 'none', concurrency: 8 })
    await deliver(inNone.handler, specs(1, 40, 6))
    expect(violations('key', inNone.history)).not.toEqual([])
  })
})

describe('what is settled', () => {
  it('moves with outcomes alone, however long a batch lasts: no time settles anything [P-10]', async () => {
    const settled: number[] = []
    const handler = kafkaFunction({ leaseMs: 1_000 }, async ({ offset }) => {
      if (offset !== 1) return
      // Two renewals of the lease, and nothing of this record is settled by them.
      const { claim } = await ledgerOf(0)
      const renewed = () =>
        expect
          .poll(async () => (await ledgerOf(0)).claim?.leaseEnd, { interval: 10, timeout: 20_000 })
          .toBeGreaterThan((claim?.leaseEnd ?? 0) + 400)
      await renewed()
      settled.push(...(await ledgerOf(0)).settled.map(({ to }) => to))
      return retry('no')
    })
    const response = await invoke(handler, kafkaEvent({ topic, records: specs(1, 3, 1) }))
    expect(response.batchItemFailures.map(({ itemIdentifier: { offset } }) => offset)).toEqual([1, 2])
    expect(settled).toEqual([0])
    expect(await ledgerOf(0)).toMatchObject({
      settled: [{ from: 0, to: 0 }],
      open: [{ offset: 1 }],
      pending: [{ from: 2, to: 2 }],
    })
  })

  it('is never past a record that is not: each is in one state, by what was last done with it [P-15, P-16, T-16]', async () => {
    const handler = kafkaFunction({ order: 'key', retry: { attempts: 2 } }, ({ offset }, { attempt }) => {
      if (offset === 2 && attempt === 1) return retry('once')
      if (offset === 4) return retry('always')
    })
    const event = kafkaEvent({ topic, records: specs(1, 6, 2) })
    const next = async () =>
      (await invoke(handler, event)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
    // Keys alternate, so what waits behind 2 is 4.
    expect(await next()).toEqual([2, 4])
    expect(await ledgerOf(0)).toMatchObject({
      settled: [
        { from: 0, to: 1 },
        { from: 3, to: 3 },
        { from: 5, to: 5 },
      ],
      open: [{ offset: 2, attempts: 1 }],
      pending: [{ from: 4, to: 4 }],
    })
    expect(await next()).toEqual([4])
    expect(await ledgerOf(0)).toMatchObject({
      settled: [
        { from: 0, to: 3 },
        { from: 5, to: 5 },
      ],
      open: [{ offset: 4, attempts: 1 }],
      pending: [],
    })
    expect(await next()).toEqual([])
    expect(await ledgerOf(0)).toMatchObject({ settled: [{ from: 0, to: 5 }], open: [], pending: [] })
    expect(await next()).toEqual([])
  })
})

describe("a batch's own limit of time", () => {
  it('aborts what runs and starts no more: what is done is settled, the rest reported [T-21]', async () => {
    const ran: number[] = []
    const handler = kafkaFunction({ batchTimeoutMs: 2_000, reserveMs: 1_000 }, async ({ offset }, ctx) => {
      ran.push(offset)
      expect(ctx.remainingMs()).toBeLessThanOrEqual(2_000)
      if (offset === 1) await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()))
    })
    const { batchItemFailures } = await invoke(handler, kafkaEvent({ topic, records: specs(1, 4, 1) }))
    expect(batchItemFailures.map(({ itemIdentifier: { offset } }) => offset)).toEqual([2, 3])
    expect(ran).toEqual([0, 1])
    expect((await ledgerOf(0)).settled).toMatchObject([{ from: 0, to: 1 }])
  })

  it("lets one record's own limit fail that record alone [T-21]", async () => {
    const handler = kafkaFunction({ recordTimeoutMs: 50, order: 'none' }, async ({ offset }, { signal }) => {
      if (offset === 1) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    })
    const { batchItemFailures } = await invoke(handler, kafkaEvent({ topic, records: specs(1, 4, 1) }))
    expect(batchItemFailures.map(({ itemIdentifier: { offset } }) => offset)).toEqual([1])
  })
})
