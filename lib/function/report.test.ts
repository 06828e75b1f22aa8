import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod/mini'
import {
  drop,
  fallback,
  type Handler,
  type Header,
  json,
  kafkaFunction,
  ok,
  retry,
  type Sink,
  traceHeaders,
  traceOf,
} from '../index.js'
import { invoke, kafkaEvent, type RecordSpec, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topic = ''
let topics = 0
const began = Date.now()
const logs = captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `observed-${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'shop-dev-orders')
  vi.stubEnv('AWS_LAMBDA_LOG_STREAM_NAME', '2026/11/21/[$LATEST]0123456789abcdef')
  logs.clear()
})
afterEach(() => vi.unstubAllEnvs())

const deliver = (handler: Parameters<typeof invoke>[0], records: readonly RecordSpec[]) =>
  invoke(handler, kafkaEvent({ topic, records }))
const range = (n: number, partition = 0): RecordSpec[] =>
  Array.from({ length: n }, (_, i) => ({ partition, value: { n: i }, timestamp: began - 60_000 + i }))

/** The events that CloudWatch would take metrics from. */
const metrics = () => logs.all.filter((line) => '_aws' in line) as { [name: string]: unknown; _aws: Directive }[]
interface Directive {
  readonly CloudWatchMetrics: readonly {
    readonly Namespace: string
    readonly Dimensions: readonly string[][]
    readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
  }[]
}

describe('The line of a decision', () => {
  const byOffset: Handler[] = [
    () => ok(),
    () => drop('of no interest'),
    () => fallback('suspicious'),
    () => {
      throw new Error('the mill is closed')
    },
    () => retry('not yet'),
  ]
  const handler = kafkaFunction({ order: 'none' }, (record, ctx) => byOffset[record.offset]?.(record, ctx))

  it('names record, attempt, stage, rule, reason, request and worker, one for each that is not ok [K-15, R-32, T-19 partly]', async () => {
    await deliver(handler, range(5))
    const named = { topic, partition: 0, attempt: 1, stage: 'process', worker: '0123456789abcdef' }
    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(logs.all.filter((line) => 'offset' in line)).toMatchObject([
      { ...named, requestId, level: 'INFO', message: 'drop', offset: 1, rule: 'outcome', reason: 'of no interest' },
      { ...named, requestId, level: 'WARN', message: 'fallback', offset: 2, rule: 'outcome', reason: 'suspicious' },
      { ...named, requestId, level: 'WARN', message: 'retry', offset: 3, reason: 'the mill is closed' },
      { ...named, requestId, level: 'WARN', message: 'retry', offset: 4, reason: 'not yet' },
    ])
    expect(logs.lines('retry')[0]).toMatchObject({
      error: { name: 'Error', stack: expect.stringContaining('report.test') },
    })
    // Nothing waits here.
    expect(logs.lines('retry').filter((line) => line.notBefore === 0)).toEqual([])
    // Every line of the framework, not those of decisions alone.
    for (const line of logs.all.filter((one) => 'level' in one))
      expect(line).toMatchObject({ worker: named.worker, requestId })
  })

  it('names the trace that the record came in, and so do the handler’s own [K-15 partly]', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traces: unknown[] = []
    const traced = kafkaFunction({}, (record, ctx) => {
      traces.push(ctx.trace, traceOf(record.headers))
      ctx.logger.info('mine')
      return drop('seen')
    })
    const headers = [['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]] as const
    await deliver(traced, [
      { value: {}, headers },
      { value: {}, headers: [['traceparent', 'malformed']] },
    ])
    const trace = { traceId, parentId: '00f067aa0ba902b7', flags: 1, state: undefined }
    expect(traces).toEqual([trace, trace, undefined, undefined])
    for (const message of ['drop', 'mine']) {
      expect(logs.lines(message)[0]).toMatchObject({ trace_id: traceId })
      expect(logs.lines(message)[1]).not.toHaveProperty('trace_id')
    }
  })
})

it('Outputs go on in the trace of their record, each time alike, unless they bring their own [P-17 partly]', async () => {
  const written: (readonly Header[])[] = []
  const onSuccess: Sink = {
    name: 'kept',
    async write(records) {
      written.push(...records.map(({ headers }) => headers))
      return records.map(() => ({ ok: true }))
    },
  }
  const own = ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'] as const
  const handler = kafkaFunction({ onSuccess }, () => ok([{ value: 1 }, { value: 2 }, { value: 3, headers: [own] }]))
  const headers = [
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['tracestate', 'vendor=1'],
  ] as const
  await deliver(handler, [{ value: {}, headers }])
  await deliver(
    kafkaFunction({ onSuccess }, () => ok({ value: 4 })),
    [{ value: {}, offset: 1 }],
  )
  const parents = written.map((list) => traceOf(list))
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', flags: 1, state: 'vendor=1' }
  expect(parents.slice(0, 3)).toMatchObject([trace, trace, { traceId: '0af7651916cd43dd8448eb211c80319c' }])
  expect(parents[3]).toBeUndefined()
  expect(new Set(parents.map((one) => one?.parentId)).size).toBe(4)
  expect(written[0]).toEqual(traceHeaders({ ...trace, parentId: '00f067aa0ba902b7' }, `${topic}:0:0#0`))
})

describe('What a poisoned value holds', () => {
  const secret = 'iban-DE89370400440532013000'
  const quoting = z.refine(() => false, { error: ({ input }) => `not ${String(input)}` })
  const Order = z.object({ id: z.string().check(quoting) })
  const poison: RecordSpec[] = [
    { value: secret },
    { value: `{"id": ${secret}}` },
    { value: { [secret]: 1, id: secret, kind: secret } },
    { value: { id: secret, kind: 'a' }, headers: [['x', secret]], key: secret },
  ]
  const handlers: Record<string, Parameters<typeof invoke>[0]> = {
    'the codec': kafkaFunction({ value: json(z.strictObject({ id: z.string() })), order: 'none' }, () => {}),
    'a schema that quotes it': kafkaFunction({ value: json(Order), order: 'none' }, () => {}),
    'a codec of the user’s': kafkaFunction(
      {
        value: {
          name: 'own',
          decode: (bytes) => {
            throw new Error(`no such ${bytes}`)
          },
        },
      },
      () => {},
    ),
    'a handler that parses by itself': kafkaFunction(
      { value: { name: 'raw', decode: String }, retry: { attempts: 1 } },
      ({ value }) => z.parse(z.strictObject({ id: z.string() }), JSON.parse(value)) && undefined,
    ),
    'an idempotency key that is none': kafkaFunction(
      { idempotencyKey: () => ({ secret }) as never, order: 'none' },
      () => {},
    ),
  }

  it.each(
    Object.keys(handlers),
  )('is in no line and no metric, by %s, and in the envelope it is [K-15 partly]', async (name) => {
    await deliver(handlers[name] ?? expect.fail(), poison)
    expect(logs.lines('fallback').length).toBeGreaterThan(0)
    expect(JSON.stringify(logs.all)).not.toContain('DE89')
    for (const { reason } of logs.lines('fallback')) expect(reason).toMatch(/\w{8}/)
    const { Items = [] } = await deployment.client.send(new ScanCommand({ TableName: deployment.failuresTable }))
    const values = Items.flatMap((item) => (item.topic?.S === topic ? (item.value?.B ?? []) : []))
    expect(values.some((value) => Buffer.from(value).includes('DE8937'))).toBe(true)
  })

  it('is in the lines where the environment asks for it', async () => {
    vi.stubEnv('MILLRACE_LOG_PAYLOADS', 'true')
    await deliver(
      kafkaFunction({}, () => {}),
      [{ value: secret, key: 'k' }],
    )
    expect(logs.lines('fallback')).toMatchObject([
      {
        reason: expect.stringContaining('is not valid JSON'),
        value: Buffer.from(secret).toString('base64'),
        key: 'aw==',
      },
    ])
  })
})

describe('The end of a batch', () => {
  it('is one line and one event of metrics, of one set of dimensions [P-21 partly, P-23, P-27]', async () => {
    const handler = kafkaFunction(
      { value: json(z.object({ n: z.int() })), order: 'none' },
      ({ offset }) => [ok(), ok(), drop('d'), fallback('f'), retry('r')][offset],
    )
    await deliver(handler, [...range(5), { value: { n: 'x' } }, { value: Buffer.from([0xff]) }, ...range(1, 1)])
    expect(logs.all.map((line) => line.message ?? 'metrics')).toEqual([
      'start',
      'drop',
      'fallback',
      'retry',
      'fallback',
      'fallback',
      'batch',
      'metrics',
    ])
    expect(logs.lines('batch')).toMatchObject([
      {
        topic,
        group: 'g',
        records: 8,
        ok: 3,
        drop: 1,
        fallback: 3,
        retry: 1,
        partitions: [
          { partition: 0, records: 7, ok: 2 },
          { partition: 1, records: 1, ok: 1 },
        ],
      },
    ])
    const [event, ...more] = metrics()
    expect(more).toEqual([])
    expect(event).toMatchObject({ service: 'shop-dev-orders', function: 'shop-dev-orders', topic, group: 'g' })
    expect(event).toMatchObject({
      records: 8,
      ok: 3,
      drop: 1,
      fallback: 3,
      retry: 1,
      failedProcess: 2,
      failedValidate: 1,
      failedDecode: 1,
    })
    const [directive, ...others] = event?._aws.CloudWatchMetrics ?? []
    expect(others).toEqual([])
    expect(directive).toMatchObject({ Namespace: 'millrace', Dimensions: [['service', 'function', 'topic', 'group']] })
    const named = Object.fromEntries(directive?.Metrics.map(({ Name, Unit }) => [Name, Unit]) ?? [])
    expect(named).toMatchObject({
      ok: 'Count',
      latency: 'Milliseconds',
      handlerTime: 'Milliseconds',
      duration: 'Milliseconds',
    })
    // Each of them has a value, and each number is one of them.
    expect(Object.keys(named).sort()).toEqual(
      Object.keys(event ?? {})
        .filter((name) => !['_aws', 'service', 'function', 'topic', 'group'].includes(name))
        .sort(),
    )
    for (const name of ['pending', 'skipped', 'abandoned', 'duplicate', 'failedSink'])
      expect(named).not.toHaveProperty(name)
  })

  it('tells the time from the record’s own to its settle, and that of its handler, of each record [P-21]', async () => {
    const handler = kafkaFunction({ order: 'none' }, async ({ offset }) => {
      if (offset === 0) await new Promise((resolve) => setTimeout(resolve, 30))
      return offset === 1 ? retry('later') : ok()
    })
    const timestamp = Date.now() - 60_000
    const future = Date.now() + 3_600_000
    await deliver(
      handler,
      [{ timestamp }, { timestamp }, { timestamp: timestamp - 60_000 }, { timestamp: future }, { timestamp: -1 }].map(
        (one) => ({ value: {}, ...one }),
      ),
    )
    const [{ latency, handlerTime } = {} as never] = metrics() as unknown as {
      latency: number[]
      handlerTime: number[]
    }[]
    // Of the five, one is not settled and two have no time to reckon from.
    expect(latency).toHaveLength(2)
    expect(latency[0]).toBeGreaterThanOrEqual(60_000)
    expect(latency[1]).toBeGreaterThanOrEqual(120_000)
    expect(handlerTime).toHaveLength(5)
    expect(handlerTime.at(-1)).toBeGreaterThan(25)
  })

  it('has at most 100 values of each, as CloudWatch takes them', async () => {
    await deliver(
      kafkaFunction({}, () => {}),
      range(250),
    )
    const [{ latency, handlerTime } = {} as never] = metrics() as unknown as {
      latency: number[]
      handlerTime: number[]
    }[]
    expect([latency.length, handlerTime.length]).toEqual([100, 100])
  })

  it('is told of a batch that an error ends, too, in a line and a metric [T-19 partly]', async () => {
    const handler = kafkaFunction({}, ({ value }) => value as never)
    const thrown = await deliver(handler, [{ value: { iban: 'DE89370400' } }, ...range(2)]).catch(String)
    expect(thrown).toMatch(/^MillraceError: ML_OUTCOME_UNKNOWN: the handler returned for .+:0:0 an object,/)
    // Lambda logs what is thrown.
    expect(thrown + JSON.stringify(logs.all)).not.toContain('DE89')
    expect(logs.lines('batch failed')).toMatchObject([
      { level: 'ERROR', topic, records: 3, error: { code: 'ML_OUTCOME_UNKNOWN' } },
    ])
    // It is the code that has to be mended.
    expect(metrics()).toMatchObject([{ records: 3, failedBatches: 1 }, { contractErrors: 1 }])
    expect(logs.lines('batch')).toEqual([])
  })

  it('leaves the metrics of handlers to themselves', async () => {
    await deliver(
      kafkaFunction({}, (_record, { metrics }) => void metrics.addMetric('ok', 'Count', 7)),
      range(2),
    )
    expect(metrics().map(({ ok, topic, group, service }) => ({ ok, topic, group, service }))).toEqual([
      { ok: 2, topic, group: 'g', service: 'shop-dev-orders' },
      { ok: [7, 7], topic, group: 'g', service: 'shop-dev-orders' },
    ])
  })

  it('has no metrics where they are switched off', async () => {
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true')
    await deliver(
      kafkaFunction({}, () => {}),
      range(1),
    )
    expect([metrics(), logs.lines('batch').length]).toEqual([[], 1])
  })
})

describe('The way of a batch', () => {
  it('is told on request: what was given, and what of each source partition is settled [T-19 partly]', async () => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG')
    const handler = kafkaFunction({}, ({ offset }) => (offset === 2 ? retry('not yet') : ok()))
    await deliver(handler, [...range(3), ...range(1, 1)])
    expect(logs.lines('begin')).toMatchObject([
      {
        level: 'DEBUG',
        topic,
        group: 'g',
        partitions: [
          { partition: 0, records: 3, from: 0, to: 2 },
          { partition: 1, records: 1, from: 0, to: 0 },
        ],
      },
    ])
    expect(logs.lines('settle')).toMatchObject([
      { level: 'DEBUG', topic, partition: 0, from: 0, to: 2, settled: 2, unsettled: 1 },
      { level: 'DEBUG', topic, partition: 1, settled: 1, unsettled: 0 },
    ])
  })

  it('is a line for each step, from start to end, with the ids that it is about [T-19]', async () => {
    await deliver(
      kafkaFunction({}, () => {}),
      range(2),
    )
    logs.clear()
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG')
    const other = kafkaFunction({}, () => fallback('given up'))
    await deliver(other, range(3))
    expect(logs.all.filter((line) => 'level' in line)).toMatchObject([
      { message: 'start', topic, group: 'g', function: 'shop-dev-orders' },
      { message: 'begin', topic, partitions: [{ partition: 0, from: 0, to: 2 }] },
      { message: 'skip', topic, partition: 0, from: 0, to: 1 },
      { message: 'fallback', topic, partition: 0, offset: 2 },
      { message: 'settle', topic, partition: 0, from: 0, to: 2, settled: 3 },
      { message: 'batch', topic, group: 'g', partitions: [{ partition: 0 }] },
    ])
  })

  it('names what was found settled in one line for each source partition [T-19 partly]', async () => {
    const handler = kafkaFunction({}, () => {})
    await deliver(handler, range(30))
    logs.clear()
    await deliver(handler, [...range(40), ...range(2, 1)])
    expect(logs.lines('skip')).toMatchObject([
      { level: 'INFO', topic, partition: 0, from: 0, to: 29, records: 30, rule: 'settled' },
    ])
    expect(metrics()).toMatchObject([{ records: 42, skipped: 30, ok: 12 }])
  })
})
