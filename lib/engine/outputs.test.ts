import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LedgerStore } from '../ledger/index.js'
import { fallback, ok, retry } from '../outcome/index.js'
import type { Acknowledgement, Sink, SinkRecord } from '../sink/index.js'
import type { RecordSpec } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import {
  add,
  deliverAll,
  type Environment,
  type EnvironmentOptions,
  effectsTable,
  policyOf,
  recordsOf,
  unsettledOf,
  World,
} from './engine.fixture.js'

let deployment: TestDeployment
let world: World
/** What happened, in its order. */
let trace: string[]
/** What the sink's target holds. */
let kept: Map<string, string>
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none', tables: [effectsTable] })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
  trace = []
  kept = new Map()
})

const no = (status?: 'retry' | 'fallback'): Acknowledgement => ({
  ok: false,
  error: new Error('the sink nowhere is down'),
  ...(status && { status }),
})
const offsetOf = ({ id }: SinkRecord) => id.slice(2)
const land = (record: SinkRecord): Acknowledgement => {
  kept.set(offsetOf(record), String(record.value))
  return { ok: true }
}

/** A sink whose records fare as `fate` says; all land by default. */
function sinkOf(fate: (record: SinkRecord) => Acknowledgement = land): Sink {
  return {
    name: 'nowhere',
    async write(records) {
      trace.push(`write ${records.map(offsetOf)}`)
      return records.map(fate)
    },
  }
}

const noting = (store: LedgerStore): LedgerStore => ({
  ...store,
  async swap(swaps) {
    trace.push('swap')
    return store.swap(swaps)
  },
  async transact(transaction) {
    trace.push('transact')
    return store.transact(transaction)
  },
})

/** Each record gives its offset to be written. */
function environment(sink: Sink | undefined, options: EnvironmentOptions = {}): Environment {
  return world.environment({
    through: noting,
    async handle({ offset }) {
      trace.push(`run ${offset}`)
      return ok({ value: { offset } })
    },
    ...(sink && { onSuccess: { sink, group: world.group } }),
    ...options,
  })
}

describe('outputs', () => {
  it('of all lanes and partitions are one call to the sink, acknowledged before anything is settled [K-07, K-12, P-13, P-16]', async () => {
    const records = [0, 1].flatMap((partition) => recordsOf(0, 9).map((spec): RecordSpec => ({ ...spec, partition })))
    expect(unsettledOf(await environment(sinkOf()).deliver(records))).toEqual([])
    const afterClaim = trace.slice(1).filter((line) => !line.startsWith('run'))
    expect(afterClaim).toHaveLength(2)
    expect(afterClaim[0]).toMatch(/^write (\d:\d#0,?){20}$/)
    expect(afterClaim[1]).toBe('swap')
    expect(trace.findLastIndex((line) => line.startsWith('run'))).toBeLessThan(trace.indexOf(afterClaim[0] ?? ''))
  })

  it('are bytes with a stable id, the source, and its trace [P-17]', async () => {
    const written: SinkRecord[] = []
    const sink: Sink = {
      name: 'kept',
      async write(records) {
        written.push(...records)
        return records.map(() => ({ ok: true }))
      },
    }
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const handle = async () =>
      ok([
        { key: 'k', value: 'text', headers: [['h', Buffer.from([0xff])] as const], topic: 'there', partition: 3 },
        { value: null },
        { key: null, value: new Uint8Array([0, 1]) },
        { value: { a: 1 } },
      ])
    const [spec] = recordsOf(7, 7)
    const record: RecordSpec = { ...spec, headers: [['traceparent', parent]], timestamp: 5 }
    await environment(sink, { handle }).deliver([record])
    expect(written.map(({ id }) => id)).toEqual(['t:0:7#0', 't:0:7#1', 't:0:7#2', 't:0:7#3'])
    expect(written.map(({ key, value }) => [key, value])).toEqual([
      [Buffer.from('k'), Buffer.from('text')],
      [null, null],
      [null, Buffer.from([0, 1])],
      [null, Buffer.from('{"a":1}')],
    ])
    const source = { topic: 't', partition: 0, offset: 7, timestamp: 5, group: world.group }
    expect(written[0]).toMatchObject({ source, topic: 'there', partition: 3, content: 'text' })
    expect(written[0]?.headers[0]).toEqual({ key: 'h', value: Buffer.from([0xff]) })
    expect(String(written[0]?.headers[1]?.value)).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-/)
  })

  it.each([
    ['throws', (): Sink => ({ name: 'nowhere', write: () => Promise.reject(new Error('the sink nowhere is down')) })],
    ['acknowledges nothing', () => sinkOf(() => no())],
    ['answers too few', (): Sink => ({ name: 'nowhere', write: async () => [] })],
    ['answers what is no acknowledgement', () => sinkOf(() => ({ ok: 'yes' }) as never)],
  ])('are reported and come again where the sink %s, and the log names it [P-11]', async (_, sink) => {
    const first = environment(sink())
    expect(unsettledOf(await first.deliver(recordsOf(0, 2)))).toEqual([0, 1, 2])
    expect(first.logged).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ reason: expect.stringContaining('nowhere'), stage: 'sink' }),
      }),
    )
    world.clock.advance(60_000)
    expect(unsettledOf(await environment(sinkOf()).deliver(recordsOf(0, 2)))).toEqual([])
    expect([...kept]).toEqual([0, 1, 2].map((offset) => [`0:${offset}#0`, JSON.stringify({ offset })]))
  })

  it('that the sink refuses for good send their record to the fallback, and its lane goes on [K-09]', async () => {
    const sink = sinkOf((record) => (offsetOf(record) === '0:1#0' ? no('fallback') : land(record)))
    const records = recordsOf(0, 2, () => 'one')
    expect(unsettledOf(await environment(sink).deliver(records))).toEqual([])
    expect(await world.failures()).toEqual([[1, 'rejected']])
    expect([...kept.keys()]).toEqual(['0:0#0', '0:2#0'])
  })

  it('that fail spend attempts, and then their record is given up on at the stage sink', async () => {
    const make = () =>
      environment(
        sinkOf(() => no()),
        { attempts: 2 },
      )
    const records = recordsOf(0, 0)
    expect(unsettledOf(await make().deliver(records))).toEqual([0])
    world.clock.advance(60_000)
    expect(unsettledOf(await make().deliver(records))).toEqual([])
    expect(await world.failures()).toEqual([[0, 'exhausted']])
  })

  it('that fail take along what ran behind them in their lane, and nothing else', async () => {
    const sink = sinkOf((record) => (offsetOf(record) === '0:2#0' ? no() : land(record)))
    const records = recordsOf(0, 7, (offset) => `k${offset % 2}`)
    expect(unsettledOf(await environment(sink).deliver(records))).toEqual([2, 4, 6])
  })

  it('are not written again by a later checkpoint or the settle of the same invocation', async () => {
    const { deliver } = environment(sinkOf(), { checkpointRecords: 1, order: 'partition' })
    expect(unsettledOf(await deliver(recordsOf(0, 9)))).toEqual([])
    const written = trace.filter((line) => line.startsWith('write')).flatMap((line) => line.slice(6).split(','))
    expect(written).toHaveLength(10)
    expect(new Set(written).size).toBe(10)
  })

  it('come before the effects of their record and of those behind it, which wait for them', async () => {
    const sink = sinkOf((record) => (offsetOf(record) === '0:0#0' ? no() : land(record)))
    const handle: EnvironmentOptions['handle'] = async ({ offset }, run) => {
      run.atomically([add(`${world.group} ${offset}`)])
      return offset === 0 || offset === 2 ? ok({ value: offset }) : ok()
    }
    const records = recordsOf(0, 2, (offset) => (offset === 2 ? 'other' : 'one'))
    expect(unsettledOf(await environment(sink, { handle }).deliver(records))).toEqual([0, 1])
    expect(trace.indexOf('write 0:0#0,0:2#0')).toBeLessThan(trace.indexOf('transact'))
    const made = await Promise.all([0, 1, 2].map((offset) => world.effect(`${world.group} ${offset}`)))
    expect(made).toEqual([undefined, undefined, 1])
  })

  it.each([
    'partition',
    'batch',
  ] as const)('of a whole that cannot succeed are not written: atomicity %s [K-03]', async (atomicity) => {
    const handle: EnvironmentOptions['handle'] = async ({ offset }) =>
      offset === 1 ? retry('not yet') : ok({ value: offset })
    const first = environment(sinkOf(), { handle, atomicity })
    expect(unsettledOf(await first.deliver(recordsOf(0, 3)))).toEqual([0, 1, 2, 3])
    expect(kept.size).toBe(0)
  })

  it.each([
    'partition',
    'batch',
  ] as const)('fail the whole where one is not acknowledged: atomicity %s [K-03]', async (atomicity) => {
    const sink = sinkOf((record) => (offsetOf(record) === '0:3#0' ? no() : land(record)))
    const handle: EnvironmentOptions['handle'] = async ({ offset }) =>
      offset === 1 ? fallback('bad') : ok({ value: offset })
    expect(unsettledOf(await environment(sink, { handle, atomicity }).deliver(recordsOf(0, 3)))).toEqual([0, 1, 2, 3])
    world.clock.advance(60_000)
    expect(unsettledOf(await environment(sinkOf(), { handle, atomicity }).deliver(recordsOf(0, 3)))).toEqual([])
    expect([...kept.keys()].sort()).toEqual(['0:0#0', '0:2#0', '0:3#0'])
  })

  it('at most once are written of what was started, and what fails goes to the fallback', async () => {
    const sink = sinkOf((record) => (offsetOf(record) === '0:1#0' ? no() : land(record)))
    expect(unsettledOf(await environment(sink, { delivery: 'at-most-once' }).deliver(recordsOf(0, 2)))).toEqual([])
    expect(await world.failures()).toEqual([[1, 'exhausted']])
    expect([...kept.keys()]).toEqual(['0:0#0', '0:2#0'])
  })

  it('that were acknowledged once the signal had aborted are not: too late is never [K-07]', async () => {
    const sink: Sink = {
      name: 'late',
      write: (records, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => setImmediate(() => resolve(records.map(land)))),
        ),
    }
    const first = environment(sink)
    const delivered = first.deliver(recordsOf(0, 1), { remainingMs: () => 1_000, reserveMs: 400 })
    while (!trace.includes('run 1')) await new Promise((resolve) => setImmediate(resolve))
    world.clock.advance(900)
    expect(unsettledOf(await delivered)).toEqual([0, 1])
  })

  it('lose nothing where the process dies between write and settle, and an idempotent target has each once [P-12]', async () => {
    let deaths = 0
    const make = (): Environment => {
      const sink: Sink = {
        name: 'deadly',
        async write(records) {
          const answers = records.map(land)
          return deaths++ < 2 ? env.die() : answers
        },
      }
      const env = environment(sink, { checkpointRecords: 2 })
      return env
    }
    await deliverAll(world, recordsOf(0, 5), make)
    expect(deaths).toBeGreaterThan(2)
    expect([...kept].sort()).toEqual([0, 1, 2, 3, 4, 5].map((offset) => [`0:${offset}#0`, JSON.stringify({ offset })]))
  })

  it('renew leases while the sink takes longer than one', async () => {
    let write = () => {}
    const sink: Sink = {
      name: 'slow',
      write: (records) =>
        new Promise((resolve) => {
          write = () => resolve(records.map(land))
          trace.push('write')
        }),
    }
    const delivered = environment(sink, { leaseMs: 3_000 }).deliver(recordsOf(0, 1))
    const until = async (isReached: () => boolean) => {
      while (!isReached()) await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => trace.includes('write'))
    for (let renewals = 2; renewals < 8; renewals++) {
      world.clock.advance(1_001)
      await until(() => trace.filter((line) => line === 'swap').length >= renewals)
    }
    write()
    expect(unsettledOf(await delivered)).toEqual([])
  })

  it('without a sink are a breach of contract, which says what to do', async () => {
    await expect(environment(undefined).deliver(recordsOf(0, 0))).rejects.toThrow(/ML_OUTCOME_UNKNOWN.*onSuccess/)
  })

  it.each([
    [{ value: undefined }],
    [{ value: () => 1 }],
    [{ value: 1n }],
    [{ value: 1, topic: 5 as never }],
  ])('that are nothing to write fail their record: %s', async (output) => {
    const handle = async () => ok(output)
    const first = environment(sinkOf(), { handle, policy: policyOf({ attempts: 1 }) })
    expect(unsettledOf(await first.deliver(recordsOf(0, 0)))).toEqual([])
    expect(await world.failures()).toEqual([[0, 'exhausted']])
  })
})
