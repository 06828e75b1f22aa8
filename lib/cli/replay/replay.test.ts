import { pathToFileURL } from 'node:url'
import type { Admin } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.js'
import { compiledProgram } from '../../local/program.js'
import { packagedService } from '../../local/template/service.fixture.js'
import { kafkaEvent } from '../../testing/index.js'
import { type Ground, run as runCommand, startGround } from '../failures/failures.fixture.js'
import { forget } from '../reading.js'
import { noteLocalRun } from '../target/index.js'
import type { CommonOptions } from '../voice.js'
import { command } from './index.js'
import { limited } from './limit.js'
import type { ReplayOptions } from './options.js'

const library = pathToFileURL(compiledProgram(new URL('../../index.js', import.meta.url)))

/** A function of the framework that says what it runs; one value fails, once in each process. */
const code = `
let made
const failing = new Set(['fails'])
exports.handler = async (event, context) => {
  const { kafkaFunction, retry, text } = await import('${library}')
  made ??= kafkaFunction({ value: text(), retry: { intervalMs: 0 } }, ({ id, value }) => {
    if (failing.delete(value)) return retry('not now')
    console.log('ran ' + id + ' ' + value)
  })
  return made(event, context)
}`

const environment = {
  MILLRACE_LEDGER_TABLE: 'test-ledger',
  MILLRACE_FAILURES_TABLE: 'test-failures',
  MILLRACE_MAPPINGS: JSON.stringify([
    { topic: 'greetings', group: 'greeters', partialResponses: true, withholds: false },
  ]),
}
const service = packagedService({
  code,
  environment,
  mapping: {
    BatchSize: 4,
    MaximumBatchingWindowInSeconds: 0,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ProvisionedPollerConfig: { MinimumPollers: 1 },
  },
})

let ground: Ground
let admin: Admin
const home = process.cwd()
beforeAll(async () => {
  ground = await startGround()
  admin = ground.kafka.admin()
  await admin.connect()
  await ground.createTopic('greetings', 2)
  await send('greetings', 10)
  process.chdir(service.dir)
})
afterAll(async () => {
  process.chdir(home)
  await admin.disconnect()
  await ground.stop()
  service.remove()
})

const bornAt = 1_700_000_000_000

/** So many records in each of two partitions, a second apart. */
async function send(topic: string, count: number): Promise<void> {
  const producer = ground.kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: count * 2 }, (_, n) => ({
    ...{ partition: n % 2, value: n === 6 ? 'fails' : `v${n}` },
    timestamp: String(bornAt + Math.floor(n / 2) * 1_000),
  }))
  await producer.send({ topic, messages })
  await producer.disconnect()
}

type Options = Partial<ReplayOptions & CommonOptions>

/** Runs it; where it is to stop, once the function has run something. */
async function replay(options: Options, stopping?: AbortController) {
  const all = { topic: 'greetings', from: { at: 'earliest' } as const, package: false, json: true, ...options }
  const onLine = (event: string) => event === 'function' && stopping?.abort()
  const ended = await runCommand(command, { brokers: ground.options.brokers, ...all }, stopping?.signal, onLine)
  const ran = ended.of('function').flatMap(({ line }) => /^ran (\S+) /.exec(String(line))?.[1] ?? [])
  return { ...ended, ran: ran.sort() }
}

const places = (partition: number, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `greetings:${partition}:${from + i}`)

const groups = async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId)

describe('millrace replay into a function', () => {
  it('has it run what lies between two offsets again, and nothing else [R-11]', async () => {
    const to = { at: 'offsets', offsets: { 0: 7, 1: 2 } } as const
    const { code, ran, of } = await replay({ function: 'greet', from: { at: 'offsets', offsets: { 0: 3, 1: 0 } }, to })
    expect(ran).toEqual([...places(0, 3, 7), ...places(1, 0, 2)])
    expect(of('replayed')).toEqual([expect.objectContaining({ records: 8, left: [] })])
    expect(code).toBe(0)
  })

  it('or from one time to before another', async () => {
    const at = (second: number) => ({ at: 'timestamp', seconds: bornAt / 1_000 + second }) as const
    expect((await replay({ function: 'greet', from: at(4), to: at(6), partitions: [1] })).ran).toEqual(places(1, 4, 5))
  })

  it('as a group of its own: what is settled is run again, and nobody’s offsets change [R-11, R-15, R-44]', async () => {
    const before = await admin.fetchTopicOffsets('greetings')
    const [first, second] = [await replay({ function: 'greet' }), await replay({ function: 'greet' })]
    const all = [...places(0, 0, 9), ...places(1, 0, 9)]
    expect([first.ran, second.ran]).toEqual([all, all])
    expect(first.of('replayed')[0]?.group).not.toBe(second.of('replayed')[0]?.group)
    expect(await admin.fetchTopicOffsets('greetings')).toEqual(before)
    expect(await groups()).toEqual([])
  })

  it('says what it would do, and does nothing', async () => {
    const { ran, of, code } = await replay({ function: 'greet', dryRun: true, partitions: [1] })
    expect(of('ranges')).toEqual([
      expect.objectContaining({ offsets: 10, ranges: [{ partition: 1, from: 0, end: 10 }] }),
    ])
    expect([ran, code]).toEqual([[], 0])
  })

  it('stops when it is told to, and says where to go on', async () => {
    const stopping = new AbortController()
    const { code, of, text } = await replay({ function: 'greet', rate: 2, partitions: [0] }, stopping)
    const [{ left } = { left: [] }] = of('replayed') as unknown as { left: { partition: number; from: number }[] }[]
    expect(code).toBe(1)
    expect(left).toEqual([{ partition: 0, from: expect.any(Number), end: 10 }])
    expect(text).toContain(`go on with --from 0:${left[0]?.from}`)
  })

  it('takes the Kafka and the store of the service that runs in this folder', async () => {
    const { endpoint: dynamodbUrl, brokers } = ground.options
    const tables = { ledgerTable: ground.ledgerTable, failuresTable: ground.table }
    const remove = noteLocalRun('.', { pid: process.pid, dynamodbUrl, brokers: [brokers], ...tables, functions: [] })
    const options = {
      function: 'greet',
      topic: 'greetings',
      from: { at: 'earliest' },
      partitions: [1],
      package: false,
    } as const
    const { of, code } = await runCommand(command, options).finally(() => remove?.())
    expect(of('replayed')).toEqual([expect.objectContaining({ records: 10 })])
    expect(code).toBe(0)
    await expect(runCommand(command, options)).rejects.toThrow(/ML_USAGE: which Kafka/)
  })

  it('says what is wrong with a topic that the function does not read, and leaves no group to tell of', async () => {
    await ground.createTopic('unread', 2)
    await send('unread', 1)
    const said = replay({ function: 'greet', topic: 'unread' })
    await expect(said).rejects.toThrow(/ML_USAGE: no function of this service reads unread/)
    const lines: string[] = []
    await forget([ground.options.brokers], 'millrace-replay-none', { say: (_, text) => lines.push(text ?? '') })
    expect(lines).toEqual([])
  })

  it('does not pretend to do so with a deployed one, whose ledger would skip what is settled', async () => {
    await expect(replay({ function: 'greet', stage: 'prod' })).rejects.toThrow(/ML_USAGE: .*consumerGroupId.*--group/)
  })
})

describe('A replay of what Kafka keeps no more', () => {
  const topic = 'old'
  beforeAll(async () => {
    await ground.createTopic(topic, 2)
    await send(topic, 10)
    // It looks for the leader among the topics that this has taken notice of.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '4' }] })
  })

  it.each<[string, Options, RegExp]>([
    [
      'an offset',
      { from: { at: 'offsets', offsets: { 1: 3 } } },
      /OffsetOutOfRange: partition 1 of old keeps 4 \(earliest\) to 9 \(latest\), and 3 is kept no more/,
    ],
    [
      'a time',
      { from: { at: 'timestamp', seconds: bornAt / 1_000 + 2 } },
      /OffsetOutOfRange: partition 1 of old .*--from 1:4/,
    ],
    [
      'an offset that is still to come',
      { from: { at: 'offsets', offsets: { 0: 11 } } },
      /OffsetOutOfRange: .*11 has not been written yet/,
    ],
    [
      'an end that is still to come',
      { to: { at: 'offsets', offsets: { 1: 10 } } },
      /OffsetOutOfRange: .*10 has not been written yet/,
    ],
  ])('is refused for %s, before anything is done [R-14]', async (_, options, message) => {
    await expect(
      replay({
        topic,
        group: 'late',
        ...options,
        ...(options.to && { group: undefined, function: 'greet' }),
      } as Options),
    ).rejects.toThrow(message)
    expect(await groups()).toEqual([])
  })

  it('is noticed when it was deleted after it began, though Kafka goes on without a word [R-14]', async () => {
    const ranges = [{ partition: 1, from: 4, end: 10 }]
    const pace = { rate: undefined, clock: systemClock, signal: new AbortController().signal }
    const payload = { batchItemFailures: [] }
    const ok = { kind: 'ok', payload, requestId: 'r', durationMs: 0, pid: 1, coldStart: false } as const
    /** Delivers these, and looks at what Kafka keeps once more after each. */
    const replayedOf = async (...steps: readonly (readonly [offsets: readonly number[], low: number])[]) => {
      const limit = limited(async () => ok, topic, ranges, pace)
      for (const [offsets, low] of steps) {
        const records = offsets.map((offset) => ({ partition: 1, offset }))
        if (records.length > 0) await limit.invoke(kafkaEvent({ topic, records }))
        await limit.look(async () => [{ partition: 1, low, high: 10 }])
      }
      await limit.check(async () => [{ partition: 1, low: steps.at(-1)?.[1] ?? 0, high: 10 }])
    }
    // A hole is no loss, also where what is behind is deleted later; a start that moved past what was not read is.
    await replayedOf([[6, 7, 9], 4])
    await replayedOf([[4, 6, 7], 5], [[8, 9], 9])
    await expect(replayedOf([[6, 7, 8, 9], 6])).rejects.toThrow(/ML_OFFSET_OUT_OF_RANGE: .*4 was deleted/)
    await expect(replayedOf([[4, 5], 4], [[8, 9], 8])).rejects.toThrow(/ML_OFFSET_OUT_OF_RANGE: .*6 was deleted/)
    await expect(replayedOf([[4, 5, 6], 4], [[], 10])).rejects.toThrow(/ML_OFFSET_OUT_OF_RANGE: .*7 was deleted/)
  })

  it('delivers nothing more once it is told to stop, whatever its rate had it wait for', async () => {
    const stop = new AbortController()
    const clock = { ...systemClock, sleep: async () => stop.abort() }
    const delivered: unknown[] = []
    const payload = { batchItemFailures: [] }
    const ok = { kind: 'ok', payload, requestId: 'r', durationMs: 0, pid: 1, coldStart: false } as const
    const ranges = [{ partition: 1, from: 4, end: 10 }]
    const invoke = async (event: unknown) => {
      delivered.push(event)
      return ok
    }
    const limit = limited(invoke, topic, ranges, { rate: 1, clock, signal: stop.signal })
    const batch = (offset: number) => kafkaEvent({ topic, records: [{ partition: 1, offset }] })
    await limit.invoke(batch(4))
    await expect(limit.invoke(batch(5))).rejects.toThrow('the replay was stopped')
    expect([delivered.length, limit.replayed.records]).toEqual([1, 1])
  })

  it('takes what there is where that is asked for', async () => {
    const { of } = await replay({ topic, group: 'late', dryRun: true })
    expect(of('ranges')[0]).toMatchObject({
      ranges: [
        { partition: 0, from: 0 },
        { partition: 1, from: 4, end: 10 },
      ],
    })
  })
})

describe('millrace replay into a group', () => {
  const group = 'again'
  beforeEach(async () => {
    await admin.deleteGroups([group]).catch(() => undefined)
  })
  const committed = async () => {
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: ['greetings'] })
    return Object.fromEntries(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]) ?? [])
  }

  it('has it start there, and in other partitions at what comes from now on [R-11]', async () => {
    const { of, code } = await replay({ group, from: { at: 'offsets', offsets: { 0: 5 } } })
    expect(await committed()).toEqual({ 0: 5, 1: 10 })
    expect(of('set')).toEqual([expect.objectContaining({ group, offsets: { 0: 5, 1: 10 } })])
    expect(code).toBe(0)
  })

  it('refuses one that has read before, unless its offsets are to be lost', async () => {
    await replay({ group })
    await expect(replay({ group })).rejects.toThrow(/ML_USAGE: .*partitions 0, 1.*--reset/)
    await replay({ group, reset: true, from: { at: 'offsets', offsets: { 1: 2 } } })
    expect(await committed()).toEqual({ 0: 10, 1: 2 })
  })

  it('refuses one that reads now, whatever is said', async () => {
    const consumer = ground.kafka.consumer({ groupId: group, maxWaitTimeInMs: 100 })
    const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
    await consumer.connect()
    await consumer.subscribe({ topic: 'greetings' })
    await consumer.run({ eachMessage: async () => undefined })
    await joined
    await expect(replay({ group, reset: true })).rejects.toThrow(/ML_USAGE: .*reads now, with 1 member/)
    await consumer.disconnect()
  })

  it.each<[Options, RegExp]>([
    [{}, /--function or --group/],
    [{ function: 'greet', group }, /--function or --group/],
    [{ group, from: { at: 'latest' } }, /nothing to replay/],
    [{ group, rate: 5 }, /--rate are for --function/],
    [{ function: 'greet', reset: true }, /--reset is for --group/],
    [{ group, partitions: [7] }, /no partition 7/],
    [{ function: 'nobody', brokers: '127.0.0.1:9' }, /ML_USAGE: this service has no function nobody; it has greet$/],
    [{ function: 'greet', topic: 'others' }, /ML_LOCAL_TOPIC_MISSING/],
  ])('says what is wrong with %j', async (options, message) => {
    await expect(replay(options)).rejects.toThrow(message)
  })

  it('refuses one whose ledger knows records as settled', async () => {
    const { ran, of } = await replay({ function: 'greet', partitions: [0] })
    expect(ran).toHaveLength(10)
    const known = String(of('replayed')[0]?.group)
    const { ledgerTable, options } = ground
    await expect(replay({ group: known, ledgerTable, endpoint: options.endpoint })).rejects.toThrow(
      /ML_USAGE: the ledger of the group .* as settled/,
    )
  })
})
