import { createHash } from 'node:crypto'
import { type AttributeValue, type BatchWriteItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.js'
import { readBatch } from '../../event/index.js'
import { kafkaEvent, type RecordSpec } from '../../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../../testing/index.js'
import type { Failure, FallbackSink } from '../sink.js'
import { failuresSink } from './index.js'

let deployment: TestDeployment
let sink: FallbackSink
let topics = 0
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
  sink = sinkOn(deployment.failuresTable)
})
afterAll(() => deployment.stop())

const sinkOn = (table: string) =>
  failuresSink({ client: deployment.client, table, clock: systemClock, group: 'g', functionName: 'f' })
const never = new AbortController().signal

type Batch = Record<string, AttributeValue>[]

/** The sink over a client whose batches are watched, and some of them kept from the store. */
function watched(fate: (batch: Batch) => 'send' | 'refuse' | 'leave unwritten') {
  const sent: Batch[] = []
  const { client, failuresTable: table } = deployment
  const send = async (command: BatchWriteItemCommand) => {
    const requests = command.input.RequestItems?.[table] ?? []
    const batch = requests.map(({ PutRequest }) => PutRequest?.Item ?? {})
    sent.push(batch)
    const decided = fate(batch)
    if (decided === 'refuse') throw new Error('refused')
    return decided === 'send' ? client.send(command) : { UnprocessedItems: { [table]: requests } }
  }
  const over = Object.assign(Object.create(client), { send })
  return { sent, sink: failuresSink({ client: over, table, clock: systemClock, group: 'g', functionName: 'f' }) }
}

function failuresOf(specs: readonly RecordSpec[], topic = `t${topics++}`): { topic: string; failures: Failure[] } {
  const records = readBatch(kafkaEvent({ topic, records: specs })).partitions[0]?.records ?? []
  const about = { attempts: 2, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'r' } as const
  return { topic, failures: records.map((record) => ({ ...about, record, error: new TypeError('bad') })) }
}
/** As the engine gives it up once more, without knowing why it did. */
const again = ({ record, attempts, firstSeen, lastSeen, stage }: Failure): Failure => ({
  ...{ record, attempts, firstSeen, lastSeen, stage },
  ...{ rule: 'given up', reason: 'given up on in an earlier delivery' },
})
async function items(topic: string) {
  const all: Record<string, AttributeValue>[] = []
  const query = {
    TableName: deployment.failuresTable,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: `g#${topic}#0` } },
  }
  for await (const { Items = [] } of paginateQuery({ client: deployment.client }, query)) all.push(...Items)
  return all
}
/** Reads an envelope as its documentation says, without the code that wrote it. */
function opened(all: readonly Record<string, AttributeValue>[], offset: number) {
  const head = all.find((one) => one.sk?.S?.startsWith(`${String(offset).padStart(16, '0')}@`)) ?? {}
  const bytes = (attribute?: AttributeValue) => (attribute?.B ? Buffer.from(attribute.B) : null)
  if (head.pieces === undefined) {
    const headers = head.headers?.L?.map(({ M }) => [M?.key?.S, bytes(M?.value)])
    return { key: bytes(head.key), value: bytes(head.value), headers }
  }
  const pieces = all
    .filter((one) => one.sk?.S?.startsWith(`${head.sk?.S}#`))
    .map((one) => bytes(one.bytes) ?? Buffer.alloc(0))
  const body = Buffer.concat(pieces)
  const length = (attribute?: AttributeValue) => (attribute?.N === undefined ? null : Number(attribute.N))
  const [k, v] = [length(head.keyBytes), length(head.valueBytes)]
  const at = (k ?? 0) + (v ?? 0)
  const headers = JSON.parse(body.subarray(at).toString()) as [string, string | null][]
  return {
    key: k === null ? null : body.subarray(0, k),
    value: v === null ? null : body.subarray(k ?? 0, at),
    headers: headers.map(([key, value]) => [key, value === null ? null : Buffer.from(value, 'base64')]),
  }
}

const random = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919) % 251))

const digest = (value?: Uint8Array | null) => value && createHash('sha256').update(value).digest('hex')
// Comparing large buffers byte by byte takes the test runner seconds.
const light = (all: readonly Record<string, AttributeValue>[]) =>
  all.map(({ bytes, ...rest }) => [rest, digest(bytes?.B)])

describe('the failures table', () => {
  const cases: [string, RecordSpec][] = [
    [
      'an ordinary record',
      {
        key: 'k',
        value: 'v',
        headers: [
          ['h', 'x'],
          ['h', Buffer.from([0xff])],
          ['n', null],
        ],
      },
    ],
    ['a record without key and value', {}],
    ['empty key and value', { key: '', value: '', headers: [['e', '']] }],
    ['bytes that are no text', { key: Buffer.from([0, 0xff]), value: Buffer.from([0xc3, 0x28]) }],
    ['a large value', { key: 'k', value: random(900_000), headers: [['h', 'x']] }],
    ['a large key', { key: random(800_000), value: 'v' }],
    ['a large tombstone', { key: random(400_000), value: null }],
    ['the largest record that an event holds', { key: 'k', value: random(4_400_000) }],
  ]
  it.each(cases)('keeps the exact bytes of %s [P-08 partly]', async (_, spec) => {
    const { topic, failures } = failuresOf([spec])
    expect(await sink.write(failures, never)).toEqual([{ ok: true }])
    const { key, value, headers } = failures[0]?.record ?? {}
    const kept = opened(await items(topic), 0)
    expect([digest(kept.key), digest(kept.value)]).toEqual([digest(key), digest(value)])
    expect(kept.headers).toEqual(headers?.map((header) => [header.key, header.value]))
  })

  it('keeps where a record came from and why it was given up [P-07]', async () => {
    const { topic, failures } = failuresOf([{ offset: 1042, timestamp: 99, value: 'v' }])
    await sink.write(failures, never)
    expect(await items(topic)).toMatchObject([
      {
        topic: { S: topic },
        partition: { N: '0' },
        offset: { N: '1042' },
        timestamp: { N: '99' },
        timestampType: { S: 'CREATE_TIME' },
        group: { S: 'g' },
        function: { S: 'f' },
        attempts: { N: '2' },
        firstSeen: { N: '1' },
        lastSeen: { N: '2' },
        stage: { S: 'process' },
        rule: { S: 'exhausted' },
        reason: { S: 'r' },
        error: { M: { name: { S: 'TypeError' }, message: { S: 'bad' } } },
      },
    ])
  })

  it('is left as it was when the same failures are written again [K-11 partly]', async () => {
    const { topic, failures } = failuresOf([{ value: 'v' }, { value: random(500_000) }])
    await sink.write(failures, never)
    const before = await items(topic)
    await sink.write(failures, never)
    expect(light(await items(topic))).toEqual(light(before))
  })

  it('keeps why a record was given up when it is given up again in a later delivery, its reason forgotten [K-11 partly]', async () => {
    const { topic, failures } = failuresOf([{ value: 'v' }, { value: random(500_000) }])
    await sink.write(failures, never)
    const before = await items(topic)
    expect(await sink.write(failures.map(again), never)).toEqual([{ ok: true }, { ok: true }])
    expect(light(await items(topic))).toEqual(light(before))
  })

  it('keeps what was given up on of a topic that was there before, beside what has its offset now', async () => {
    const { topic, failures } = failuresOf([{ value: random(500_000), timestamp: 1 }])
    await sink.write(failures, never)
    const before = await items(topic)
    for (const change of [(one: Failure) => one, again]) {
      await sink.write(failuresOf([{ value: random(400_000), timestamp: 2 }], topic).failures.map(change), never)
    }
    const all = await items(topic)
    expect(light(all.filter(({ sk }) => sk?.S?.includes('@1')))).toEqual(light(before))
    expect(all.filter(({ rule }) => rule).map(({ timestamp, rule }) => [timestamp?.N, rule?.S])).toEqual([
      ['1', 'exhausted'],
      ['2', 'exhausted'],
    ])
  })

  it('takes it where no envelope says why: none, or that it was abandoned', async () => {
    const { topic, failures } = failuresOf([{ value: 'a' }, { value: 'b' }])
    const abandoned = failures.slice(1, 2).map(({ record: { partition, offset, timestamp } }) => ({
      topic,
      partition,
      offset,
      timestamp,
      attempts: 1,
      firstSeen: 1,
    }))
    await sink.abandon(abandoned, never)
    expect((await items(topic)).map(({ rule }) => rule?.S)).toEqual(['abandoned'])
    expect(await sink.write(failures.map(again), never)).toEqual([{ ok: true }, { ok: true }])
    const kept = await items(topic)
    expect(kept.map(({ rule }) => rule?.S)).toEqual(['given up', 'given up'])
    expect([0, 1].map((offset) => opened(kept, offset).value?.toString())).toEqual(['a', 'b'])
    const [none] = await sinkOn('absent').write(failures.map(again), never)
    expect(none).toMatchObject({ ok: false, error: { cause: { code: 'ML_TABLE_MISSING' } } })
  })

  it('takes a hundred failures in four calls', async () => {
    const { topic, failures } = failuresOf(Array.from({ length: 100 }, () => ({ value: 'v' })))
    const { sink, sent } = watched(() => 'send')
    await sink.write(failures, never)
    expect([sent.length, (await items(topic)).length]).toEqual([4, 100])
  })

  it('writes no head where a piece was refused, so that what can be read is complete', async () => {
    const { topic, failures } = failuresOf([{ value: random(900_000) }, { value: 'small' }])
    const { sink } = watched((batch) => (batch.some(({ bytes }) => bytes !== undefined) ? 'refuse' : 'send'))
    expect(await sink.write(failures, never)).toMatchObject([
      { ok: false, error: { code: 'ML_SINK_FAILED' } },
      { ok: true },
    ])
    expect((await items(topic)).map(({ offset }) => offset?.N)).toEqual(['1'])
  })

  it('sends again what a throttled table left unwritten', async () => {
    const { topic, failures } = failuresOf([{ value: 'v' }, { value: 'w' }])
    let throttles = 2
    const { sink, sent } = watched(() => (throttles-- > 0 ? 'leave unwritten' : 'send'))
    expect(await sink.write(failures, never)).toEqual([{ ok: true }, { ok: true }])
    expect([sent.length, (await items(topic)).length]).toEqual([3, 2])
  })

  it('acknowledges nothing that was not written', async () => {
    const { failures } = failuresOf([{ value: 'v' }, { value: random(900_000) }])
    const [first, second] = await sinkOn('absent').write(failures, never)
    expect([first, second]).toMatchObject([
      { ok: false, error: { code: 'ML_SINK_FAILED', cause: { code: 'ML_TABLE_MISSING' } } },
      { ok: false, error: { code: 'ML_SINK_FAILED' } },
    ])
    const aborted = AbortSignal.abort()
    expect(await sink.write(failures, aborted)).toMatchObject([{ ok: false }, { ok: false }])
  })
})
