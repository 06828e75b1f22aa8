import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import { dynamodbStore, isCovered, openLedger } from '../ledger/index.js'
import { ok, retry } from '../outcome/index.js'
import { failuresSink } from '../sink/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { policyOf } from './engine.fixture.js'
import type { Engine } from './engine.js'
import { processBatch } from './process.js'

let deployment: TestDeployment
let groups = 0
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

/** A partition with holes, keys, how often each record fails, and what befalls each delivery. */
const schedule = fc.record({
  log: fc.array(
    fc.record({ gap: fc.nat(3), key: fc.constantFrom('a', 'b', 'c'), fails: fc.constantFrom(0, 0, 0, 1, 2) }),
    {
      minLength: 1,
      maxLength: 25,
    },
  ),
  batchSize: fc.integer({ min: 1, max: 9 }),
  order: fc.constantFrom('partition' as const, 'key' as const),
  redelivery: fc.constantFrom('from-lowest' as const, 'reported-only' as const, 'whole' as const),
  fates: fc.array(fc.constantFrom('goes well', 'goes well', 'dies before settle', 'dies after settle', 'is repeated'), {
    maxLength: 12,
  }),
})

it('settles every record, runs none again that was settled, and keeps its lanes in order, whatever fails and dies', async () => {
  await fc.assert(fc.asyncProperty(schedule, play), { numRuns: 150 })
}, 120_000)

async function play({
  log,
  batchSize,
  order,
  redelivery,
  fates,
}: typeof schedule extends fc.Arbitrary<infer T> ? T : never) {
  let at = 0
  const records = log.map(({ gap, key, fails }) => {
    at += gap + 1
    return { offset: at, key, value: 'v', fails }
  })
  const failsLeft = new Map<number, number>(records.map(({ offset, fails }) => [offset, fails]))
  const runs: { offset: number; ok: boolean }[] = []
  const settledWhenRun: number[] = []
  let now = Date.now()
  let fate = ''
  const sleep = async (ms: number) => {
    now += Math.ceil(ms)
  }
  const clock: Clock = { ...systemClock, now: () => now, sleep }
  const group = `random${groups++}`
  const open = () =>
    openLedger({
      store: dynamodbStore(deployment.client, deployment.ledgerTable),
      clock,
      group,
      leaseMs: 1_000,
      withholds: false,
    })
  const settledNow = async () => {
    const probe = dynamodbStore(deployment.client, deployment.ledgerTable)
    const [item] = await probe.load([{ pk: `${group}#t#0`, sk: 'ledger' }])
    return item?.state.settled ?? []
  }
  /** A new environment after each death. */
  const engineOf = (): Engine => {
    const ledger = open()
    return {
      ledger: {
        ...ledger,
        async record(...args) {
          if (fate === 'dies before settle') throw new Error('died')
          const settled = await ledger.record(...args)
          if (fate === 'dies after settle') throw new Error('died')
          return settled
        },
      },
      fallback: failuresSink({
        client: deployment.client,
        table: deployment.failuresTable,
        clock,
        group,
        functionName: 'f',
      }),
      clock,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      order,
      concurrency: 2,
      policy: policyOf({ attempts: 10 }),
      atomicity: 'record',
      recordTimeoutMs: Number.POSITIVE_INFINITY,
      checkpointRecords: Number.POSITIVE_INFINITY,
      partialResponses: redelivery !== 'whole',
      async handle({ offset }) {
        if (isCovered(before, offset)) settledWhenRun.push(offset)
        const left = failsLeft.get(offset) ?? 0
        failsLeft.set(offset, left - 1)
        runs.push({ offset, ok: left <= 0 })
        return left > 0 ? retry('not yet') : ok()
      },
    }
  }
  let engine = engineOf()
  let before = await settledNow()
  for (let from = 0; from < records.length; from += batchSize) {
    const batch = records.slice(from, from + batchSize)
    let due = batch
    for (let delivery = 0; due.length > 0; delivery++) {
      expect(delivery).toBeLessThan(40)
      fate = fates.shift() ?? 'goes well'
      before = await settledNow()
      const event = readBatch(kafkaEvent({ topic: 't', records: due }))
      const invocation = { owner: clock.nonce(), remainingMs: () => 60_000, reserveMs: 0 }
      const left = await processBatch(event, engine, invocation).then(
        ({ unsettled }) => unsettled.flatMap(({ offsets }) => offsets),
        () => undefined,
      )
      if (left === undefined) engine = engineOf()
      else if (fate !== 'is repeated') due = again(due, left, redelivery)
    }
  }
  const settled = await settledNow()
  expect(records.filter(({ offset }) => !isCovered(settled, offset))).toEqual([])
  expect(settledWhenRun).toEqual([])
  for (const { offset } of records)
    expect(runs.filter((run) => run.offset === offset && run.ok).length).toBeGreaterThan(0)
  const laneOf = (offset: number) => (order === 'partition' ? '' : records.find((one) => one.offset === offset)?.key)
  for (const [i, run] of runs.entries()) {
    // Nothing of a lane is run before all that stands before it there has gone well.
    const earlier = records.filter(({ offset }) => offset < run.offset && laneOf(offset) === laneOf(run.offset))
    const done = new Set(runs.slice(0, i).flatMap(({ offset, ok }) => (ok ? [offset] : [])))
    expect(earlier.filter(({ offset }) => !done.has(offset))).toEqual([])
  }
}

function again<T extends { offset: number }>(
  due: T[],
  left: number[],
  redelivery: 'from-lowest' | 'reported-only' | 'whole',
): T[] {
  if (left.length === 0) return []
  if (redelivery === 'whole') return due
  const lowest = Math.min(...left)
  return due.filter(({ offset }) => (redelivery === 'from-lowest' ? offset >= lowest : left.includes(offset)))
}
