import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Clock } from '../clock.js'
import { text } from '../codec/index.js'
import { environment } from '../dedupe/dedupe.fixture.js'
import { type Deduplicator, openDeduplicator } from '../dedupe/index.js'
import { type RawRecord, readBatch } from '../event/index.js'
import { type Claimed, type Disposition, dynamodbStore, type OpenRecord } from '../ledger/index.js'
import { withOriginal } from '../redrive/index.js'
import { kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { keyedReader, plainReader } from './keys.js'
import { readOptions } from './options.js'
import type { KafkaRecord } from './record.js'
import { redrivenTtlSeconds, redriveReservation } from './redriven.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

/**
 * Business events, some produced twice where keys tell that; what each run of one comes to, until it goes well; and what befalls
 * each delivery. Between deliveries somebody redrives: whether its envelope is deleted afterwards, or the redrive dies before.
 */
const schedule = fc.record({
  keys: fc.constantFrom('none' as const, 'group' as const, 'partition' as const),
  events: fc.array(
    fc.record({
      partition: fc.nat(1),
      twice: fc.boolean(),
      runs: fc.array(fc.constantFrom('fallback' as const, 'fallback' as const, 'retry' as const), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  steps: fc.array(
    fc.record({
      redrives: fc.array(fc.record({ which: fc.nat(), partition: fc.nat(1), deletes: fc.boolean() }), { maxLength: 3 }),
      of: fc.constantFrom('both' as const, 'both' as const, 0 as const, 1 as const, 'racing' as const),
      count: fc.integer({ min: 1, max: 6 }),
      dies: fc.boolean(),
    }),
    { maxLength: 16 },
  ),
})
type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never

/** A redrive that died had both keys; another one stands before it, in another source partition of the same batch. */
const eachOwnsWhatTheOtherWaitsFor: Schedule = {
  keys: 'group',
  events: [
    { partition: 0, twice: false, runs: ['fallback'] },
    { partition: 0, twice: false, runs: [] },
  ],
  steps: [
    { redrives: [], of: 'both', count: 1, dies: false },
    { redrives: [{ which: 0, partition: 1, deletes: false }], of: 'both', count: 1, dies: true },
  ],
}

it('gives what was given up on its effect once, however often it is redriven, and whatever dies [R-24, R-44 partly]', async () => {
  await fc.assert(fc.asyncProperty(schedule, play), { numRuns: 20, examples: [[eachOwnsWhatTheOtherWaitsFor]] })
}, 120_000)

/** A record of the log. */
interface Logged {
  readonly event: number
  readonly offset: number
  readonly headers: readonly (readonly [string, Buffer | null])[]
}

interface Envelope extends Logged {
  readonly partition: number
}

const quiet = { redrives: [], of: 'both', count: 6, dies: false } as const
const timestampOf = (offset: number) => 1_700_000_000_000 + offset

/** What knows which records a group has had redriven. */
function originalsOf(clock: Clock, group: string): Deduplicator {
  const { client, ledgerTable: table } = deployment
  const store = dynamodbStore(client, table)
  return openDeduplicator({ client, table, store, clock, group, scope: 'group', ttlSeconds: redrivenTtlSeconds })
}

async function play({ keys, events, steps }: Schedule): Promise<void> {
  const { ledger, dedupe, clock, time, group } = environment(deployment, keys === 'partition' ? keys : 'group', {
    ttlSeconds: 86_400,
  })
  const originals = originalsOf(clock, group)
  const redriven = redriveReservation(group, originals, clock.now)
  const settings = readOptions<string | null, string | null>({
    value: text(),
    ...(keys !== 'none' && { idempotencyKey: ({ value }: KafkaRecord<string | null>) => value ?? undefined }),
  })
  const reader = settings.idempotency
    ? keyedReader(settings, settings.idempotency, dedupe, redriven, clock.now)
    : plainReader(settings, redriven)

  const queues: Logged[][] = [[], []]
  const ends = [0, 0]
  const envelopes: Envelope[] = []
  const effects = events.map(() => 0)
  const runs = events.map((one) => [...one.runs])

  function produce(event: number, partition: number, headers: Logged['headers'] = []): void {
    const offset = ends[partition] ?? 0
    ends[partition] = offset + 1
    queues[partition]?.push({ event, offset, headers })
  }
  for (const [i, { partition, twice }] of events.entries()) {
    produce(i, partition)
    if (twice && keys !== 'none') produce(i, partition)
  }

  /** By hand, as the command does it. */
  function redrive(which: number, partition: number, deletes: boolean): void {
    const envelope = envelopes[which % Math.max(1, envelopes.length)]
    if (envelope === undefined) return
    const { offset, headers, event } = envelope
    const original = { topic: 't', partition: envelope.partition, offset, timestamp: timestampOf(offset), group }
    const all = withOriginal(
      headers.map(([key, value]) => ({ key, value })),
      original,
    )
    produce(
      event,
      keys === 'partition' ? envelope.partition : partition,
      all.map(({ key, value }) => [key, value] as const),
    )
    if (deletes) envelopes.splice(envelopes.indexOf(envelope), 1)
  }

  /** Claims and reserves; what comes of it is told by the function it answers, where nothing dies. */
  async function deliver(partitions: readonly number[], count: number): Promise<() => Promise<void>> {
    const records = partitions.flatMap((partition) =>
      (queues[partition] ?? []).slice(0, count).map(({ event, ...one }) => ({ ...one, partition, value: `e${event}` })),
    )
    if (records.length === 0) return async () => {}
    const batch = readBatch(
      kafkaEvent({ topic: 't', records: records.map((one) => ({ ...one, timestamp: timestampOf(one.offset) })) }),
    )
    const holder = { owner: clock.nonce(), deadline: Number.POSITIVE_INFINITY }
    const claims = (await ledger.claim(batch.partitions, holder)).filter((one) => one.kind === 'claimed')
    const verdicts = (await reader.engine.reserve?.(claims)) ?? new Map()
    return async () => {
      const done = new Map<RawRecord, Disposition>()
      const waiting: (() => void)[] = []
      for (const record of claims.flatMap(({ todo }) => todo)) {
        const verdict = verdicts.get(record) ?? { kind: 'first' }
        if (verdict.kind === 'first') done.set(record, run(record))
        else if (verdict.kind === 'foreign') throw new Error('it is of this group')
        else if (verdict.ofSettled) done.set(record, { kind: 'settled' })
        else if (verdict.sameBatch) waiting.push(() => done.set(record, likeOwner(verdict.owner, done)))
        else done.set(record, { kind: 'pending' })
      }
      for (const one of waiting) one()
      await settle(claims, done)
    }
  }

  function run(record: RawRecord): Disposition {
    const event = Number(record.value?.toString().slice(1))
    const outcome = runs[event]?.shift() ?? 'ok'
    if (outcome === 'retry') return { kind: 'open', entry: failedOnce(record) }
    if (outcome === 'ok') effects[event] = (effects[event] ?? 0) + 1
    else {
      const { partition, offset } = record
      envelopes.push({ event, partition, offset, headers: record.headers.map(({ key, value }) => [key, value]) })
    }
    return { kind: 'settled' }
  }

  async function settle(claims: readonly Claimed[], done: ReadonlyMap<RawRecord, Disposition>): Promise<void> {
    const holder = { owner: claims[0]?.state.claim?.owner ?? '', deadline: Number.POSITIVE_INFINITY }
    const progress = claims.map((claimed) => ({
      ...{ claimed, hold: null, abandoned: claimed.abandoned.map(({ offset }) => offset) },
      records: claimed.partition.records.map((record) => ({
        ...{ offset: record.offset, timestamp: record.timestamp },
        disposition: claimed.todo.includes(record)
          ? (done.get(record) ?? { kind: 'pending' as const })
          : { kind: 'settled' as const },
      })),
    }))
    const recorded = await ledger.record(progress, holder)
    expect(recorded.every(({ kind }) => kind === 'written')).toBe(true)
    for (const { records, claimed } of progress) {
      const settled = new Set(
        records.filter(({ disposition }) => disposition.kind === 'settled').map(({ offset }) => offset),
      )
      const { partition } = claimed.partition
      queues[partition] = (queues[partition] ?? []).filter(({ offset }) => !settled.has(offset))
    }
  }

  async function step({ redrives, of, count, dies }: Schedule['steps'][number] | typeof quiet): Promise<void> {
    for (const { which, partition, deletes } of redrives) redrive(which, partition, deletes)
    const batches = of === 'racing' ? [[0], [1]] : [of === 'both' ? [0, 1] : [of]]
    const all = await Promise.all(batches.map((one) => deliver(one, count)))
    for (const end of all) if (!dies) await end()
    // Leases of the dead are over, and what was held may come again.
    time.now += 10_001
    expect(Math.max(...effects)).toBeLessThanOrEqual(1)
  }

  for (const one of steps) await step(one)
  for (let n = 0; queues.some(({ length }) => length > 0) || envelopes.length > 0; n++) {
    expect(n).toBeLessThan(200)
    await step({ ...quiet, redrives: envelopes.map(() => ({ which: 0, partition: n % 2, deletes: true })) } as never)
  }
  expect(effects).toEqual(events.map(() => 1))
}

it('asks nothing of the store for records that are not redriven', async () => {
  const { ledger, clock, group } = environment(deployment, 'group')
  const originals = originalsOf(clock, group)
  const records = [
    { value: 1 },
    {
      value: 2,
      headers: [
        ['traceparent', '00-1-2-01'],
        ['x-original-idea', 'mine'],
      ] as const,
    },
  ]
  const { partitions } = readBatch(kafkaEvent({ topic: 't', records }))
  const claims = await ledger.claim(partitions, { owner: 'o', deadline: Number.POSITIVE_INFINITY })
  const reserve = redriveReservation(group, originals, clock.now)
  expect((await reserve(claims.filter((one) => one.kind === 'claimed'))).size).toBe(0)
  expect(originals.usage.calls).toBe(0)
})

function likeOwner(
  owner: { readonly partition: number; readonly offset: number },
  done: ReadonlyMap<RawRecord, Disposition>,
): Disposition {
  const [, found] = [...done].find(([one]) => one.partition === owner.partition && one.offset === owner.offset) ?? []
  return found?.kind === 'settled' ? found : { kind: 'pending' }
}

const failedOnce = ({ offset, timestamp }: RawRecord): OpenRecord => ({
  ...{ offset, timestamp, attempts: 1, deaths: 0, convicted: false, givenUp: false },
  ...{ notBefore: 0, holds: 0, firstSeen: 0 },
})
