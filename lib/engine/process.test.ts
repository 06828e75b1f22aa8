import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import { dynamodbStore, openLedger } from '../ledger/index.js'
import { fallback, ok, retry } from '../outcome/index.js'
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

const invocation = { owner: 'me', remainingMs: () => Number.POSITIVE_INFINITY, reserveMs: 0 }
const batch = (n: number) =>
  readBatch(kafkaEvent({ topic: 't', records: Array.from({ length: n }, (_, i) => ({ key: `k${i}`, value: i })) }))

/** An engine on the real store, with what it calls written down in the order of its ends and beginnings. */
function traced(handle: Engine['handle'], leaseMs = 10_000): { engine: Engine; trace: string[]; logged: string[] } {
  const trace: string[] = []
  const logged: string[] = []
  const tracing = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    trace.push(name)
    const result = await call()
    trace.push(`${name} done`)
    return result
  }
  const { client } = deployment
  const group = `g${groups++}`
  const store = dynamodbStore(client, deployment.ledgerTable)
  const ledger = openLedger({ store, clock: systemClock, group, leaseMs, withholds: false })
  const sink = failuresSink({ client, table: deployment.failuresTable, clock: systemClock, group, functionName: 'f' })
  const log = (message: string) => void logged.push(message)
  const engine: Engine = {
    ledger: {
      ...ledger,
      claim: (...args) => tracing('claim', () => ledger.claim(...args)),
      record: (...args) => tracing('settle', () => ledger.record(...args)),
    },
    fallback: { ...sink, write: (...args) => tracing('sink', () => sink.write(...args)) },
    clock: systemClock,
    log: { debug: () => {}, info: log, warn: log, error: log },
    order: 'key',
    concurrency: 3,
    policy: policyOf(),
    atomicity: 'record',
    recordTimeoutMs: Number.POSITIVE_INFINITY,
    checkpointRecords: Number.POSITIVE_INFINITY,
    partialResponses: true,
    handle: (...args) => tracing('handle', async () => handle(...args)),
  }
  return { engine, trace, logged }
}

describe('the stages of a batch', () => {
  it('follow one another: nothing is settled before it is handled and its sink has acknowledged [P-13, P-16 partly]', async () => {
    const { engine, trace } = traced(async ({ offset }) => (offset === 1 ? fallback('no') : ok()))
    const { unsettled } = await processBatch(batch(3), engine, invocation)
    expect(unsettled).toEqual([{ identifier: 't-0', offsets: [] }])
    const stages = trace.filter((stage, i) => stage !== trace[i - 1])
    expect(stages).toEqual([
      'claim',
      'claim done',
      'handle',
      'handle done',
      'sink',
      'sink done',
      'settle',
      'settle done',
    ])
  })

  it('leave a record unsettled that its sink did not acknowledge, and give it to the sink again without running it [P-11]', async () => {
    const { engine, trace, logged } = traced(async () => fallback('no'))
    const down = {
      ...engine.fallback,
      write: async () => [{ ok: false as const, error: new Error('the sink is down') }],
    }
    const first = await processBatch(batch(1), { ...engine, fallback: down }, invocation)
    expect(first.unsettled).toEqual([{ identifier: 't-0', offsets: [0] }])
    expect([first.tally.retry, logged]).toEqual([1, ['retry']])
    trace.splice(0)
    const second = await processBatch(batch(1), engine, invocation)
    expect(second).toMatchObject({ unsettled: [{ offsets: [] }], tally: { fallback: 1 } })
    expect(trace).not.toContain('handle')
  })

  it('report everything of a claim that went to somebody else meanwhile (rules 1 and 4)', async () => {
    let steal = true
    const { engine } = traced(async () => {
      if (steal) {
        steal = false
        const thief = await engine.ledger.claim(batch(3).partitions, {
          owner: 'thief',
          deadline: Number.POSITIVE_INFINITY,
        })
        expect(thief[0]?.kind).toBe('claimed')
      }
      return ok()
    }, -1)
    const { unsettled } = await processBatch(batch(3), engine, invocation)
    expect(unsettled).toEqual([{ identifier: 't-0', offsets: [0, 1, 2] }])
  })
})

describe('a source partition that somebody else holds', () => {
  it('is waited for, when the time allows, and then run', async () => {
    const { engine, logged } = traced(async () => ok(), 300)
    await engine.ledger.claim(batch(2).partitions, { owner: 'somebody', deadline: Number.POSITIVE_INFINITY })
    const { unsettled, tally } = await processBatch(batch(2), engine, invocation)
    expect([unsettled, tally.ok]).toEqual([[{ identifier: 't-0', offsets: [] }], 2])
    expect(logged[0]).toMatch(/^busy/)
  })

  it('is reported, unrun, when it does not, and the others go on [E-06]', async () => {
    const { engine, trace } = traced(async () => ok())
    await engine.ledger.claim(batch(1).partitions, { owner: 'somebody', deadline: Number.POSITIVE_INFINITY })
    const both = readBatch(kafkaEvent({ topic: 't', records: [{ value: 1 }, { partition: 1, value: 2 }] }))
    trace.splice(0)
    const { unsettled } = await processBatch(both, engine, {
      ...invocation,
      remainingMs: () => 5_000,
      reserveMs: 1_000,
    })
    expect(unsettled.filter(({ offsets }) => offsets.length > 0)).toEqual([{ identifier: 't-0', offsets: [0] }])
    expect(trace.filter((stage) => stage === 'handle')).toHaveLength(1)
  })
})

describe('lanes', () => {
  it('are stopped by a failure, each alone, and what waits is reported unrun', async () => {
    const ran: number[] = []
    const { engine } = traced(async ({ offset }) => {
      ran.push(offset)
      return offset === 0 ? retry('later') : ok()
    })
    const records = ['a', 'b', 'a', 'b'].map((key) => ({ key, value: 1 }))
    const { unsettled, tally } = await processBatch(readBatch(kafkaEvent({ topic: 't', records })), engine, invocation)
    expect(unsettled).toEqual([{ identifier: 't-0', offsets: [0, 2] }])
    expect(ran).toEqual([0, 1, 3])
    expect(tally).toMatchObject({ ok: 2, retry: 1, pending: 1 })
  })
})
