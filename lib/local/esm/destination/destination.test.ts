import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MillraceError } from '../../../errors.js'
import type { KafkaEvent } from '../../../event/index.js'
import type { Broker } from '../../broker/index.js'
import { broker, committed, crash, createOrders, mapping, ok, produce, report } from '../mapping.fixture.js'
import { readDestination } from './index.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-destination-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const eventSourceArn = 'arn:aws:kafka:eu-west-1:111122223333:cluster/orders/1'
const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:orders'
const uuid = expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/)
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** Three records in two partitions, all at known times. */
const poison = (on: Broker) =>
  produce(on, [
    { partition: 0, key: 'test-key', value: 'test-value', timestamp: '1573517884835' },
    { partition: 0, value: 'b', timestamp: '1573517885580' },
    { partition: 1, value: null, timestamp: '1573517886000' },
  ])

const msk = { source: 'msk', eventSourceArn, maximumRetryAttempts: 0 } as const
const lines = async (name: string): Promise<unknown[]> =>
  (await readFile(join(dir, name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** What SQS, SNS and S3 are told of the three records. */
const told = (on: Broker, event: KafkaEvent | undefined) => ({
  requestContext: { requestId: 'r', functionArn, condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: time,
  KafkaBatchInfo: {
    batchSize: 3,
    eventSourceArn,
    bootstrapServers: on.address,
    payloadSize: Buffer.byteLength(JSON.stringify(event)),
    recordsInfo: {
      'orders-0': {
        firstRecordOffset: '0',
        lastRecordOffset: '1',
        firstRecordTimestamp: '2019-11-12T00:18:04.835Z',
        lastRecordTimestamp: '2019-11-12T00:18:05.580Z',
      },
      'orders-1': {
        firstRecordOffset: '0',
        lastRecordOffset: '0',
        firstRecordTimestamp: '2019-11-12T00:18:06.000Z',
        lastRecordTimestamp: '2019-11-12T00:18:06.000Z',
      },
    },
  },
})

describe('an on-failure destination', () => {
  it.each(['sqs', 'sns'])('of %s gets one message for the batch, without its records', async (service) => {
    const on = await broker()
    await poison(on)
    const onFailureDestination = `arn:aws:${service}:eu-west-1:111122223333:failures`
    const onDiscard = vi.fn()
    let event: KafkaEvent | undefined
    const invoke = (given: KafkaEvent) => {
      event = given
      return crash
    }
    const running = await mapping(on, invoke, { ...msk, onFailureDestination }, { destinationDir: dir, onDiscard })
    await running.idle()
    expect(await lines('failures.jsonl')).toEqual([told(on, event)])
    expect(onDiscard.mock.calls).toMatchObject([[{ destination: onFailureDestination, records: [{}, {}, {}] }]])
    expect(await committed(on)).toEqual({ 0: 2, 1: 1 })
  })

  it.each([
    ['by-mapping', /^aws\/lambda\/OrdersMapping\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[\da-f-]{36}$/],
    ['by-partition', /^aws\/lambda\/OrdersMapping\/orders-0\/\d{4}\/\d\d\/\d\d\/\d{4}-.*-[\da-f-]{36}$/],
  ] as const)('of S3 gets an object with the whole event as text, its key %s', async (s3Key, key) => {
    const on = await broker()
    await poison(on)
    const options = { destinationDir: dir, switches: { s3Key } }
    let event: KafkaEvent | undefined
    const invoke = (given: KafkaEvent) => {
      event = given
      return crash
    }
    const running = await mapping(on, invoke, { ...msk, onFailureDestination: 'arn:aws:s3:::my-bucket' }, options)
    await running.idle()
    const files = await readdir(join(dir, 'my-bucket'), { recursive: true, withFileTypes: true })
    const [file, ...others] = files.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
    expect(others).toEqual([])
    expect(file?.slice(join(dir, 'my-bucket').length + 1)).toMatch(key)
    const object = JSON.parse(await readFile(file ?? '', 'utf8'))
    expect(object).toEqual({ ...told(on, event), payload: JSON.stringify(event) })
  })

  it('of Kafka gets one message per record, keyed as the record was', async () => {
    const on = await broker()
    await poison(on)
    const onFailureDestination = 'kafka://failed-records-topic'
    const said: string[] = []
    const running = await mapping(on, () => crash, { ...msk, onFailureDestination }, { log: (line) => said.push(line) })
    await running.idle()
    expect(said.filter((line) => /kafkajs|Exhausted/.test(line))).toEqual([
      expect.stringMatching(/RetriesExhausted: sent to kafka:\/\/failed-records-topic: \d records/),
    ])
    const received = await consumed(on, 'failed-records-topic', 3)
    const keyed = received.find(({ key }) => key !== null)
    expect(keyed?.key).toBe('test-key')
    const payload = {
      eventSource: 'aws:kafka',
      eventSourceArn,
      bootstrapServers: on.address,
      records: {
        'orders-0': [
          {
            headers: [],
            key: 'dGVzdC1rZXk=',
            offset: 0,
            partition: 0,
            timestamp: 1573517884835,
            timestampType: 'CREATE_TIME',
            topic: 'orders',
            value: 'dGVzdC12YWx1ZQ==',
          },
        ],
      },
    }
    expect(keyed?.value).toEqual({
      requestContext: {
        requestId: 'r',
        functionArn: `${functionArn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 1,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: time,
      KafkaBatchInfo: {
        batchSize: 1,
        eventSourceArn,
        bootstrapServers: on.address,
        payloadSize: expect.any(Number),
        recordInfo: { offset: '0', timestamp: '2019-11-12T00:18:04.835Z' },
      },
      payload,
    })
    expect(received.filter(({ key }) => key === null)).toHaveLength(2)
  })

  it('is told of a record over 6 MB without a response, and of one too old', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await createOrders(on, [{ name: 'max.message.bytes', value: '6000000' }])
    await produce(on, [{ value: 'old', timestamp: '1000' }, { value: Buffer.alloc(5 * 1024 * 1024) }, { value: 'c' }])
    const onFailureDestination = 'arn:aws:sqs:eu-west-1:111122223333:failures'
    const changes = { ...msk, onFailureDestination, maximumRecordAgeSeconds: 3600 }
    const running = await mapping(on, () => ok(), changes, { destinationDir: dir })
    await running.idle()
    expect(await lines('failures.jsonl')).toMatchObject([
      {
        requestContext: { requestId: uuid, condition: 'MaximumPayloadSizeExceeded', approximateInvokeCount: 0 },
        responseContext: null,
        KafkaBatchInfo: { batchSize: 1, recordsInfo: { 'orders-0': { firstRecordOffset: '1' } } },
      },
      { requestContext: { condition: 'RecordAgeExceeded' }, responseContext: null },
    ])
    expect(running.history).toMatchObject([{ partitions: { 'orders-0': { count: 1, first: 2, last: 2 } } }])
  })

  it.each([
    ['absent', { statusCode: 200, executedVersion: '$LATEST' }],
    ['Unhandled', { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' }],
  ] as const)('is told of records that were reported with a functionError %s', async (reportedFunctionError, context) => {
    const on = await broker()
    await poison(on)
    const onFailureDestination = 'arn:aws:sqs:eu-west-1:111122223333:failures'
    const options = { destinationDir: dir, switches: { reportedFunctionError } }
    const invoke = () => report(['orders-0', 1])
    const running = await mapping(on, invoke, { ...msk, onFailureDestination }, options)
    await running.idle()
    const [message] = (await lines('failures.jsonl')) as [{ responseContext: unknown; KafkaBatchInfo: object }]
    expect(message.responseContext).toEqual(context)
    expect(message.KafkaBatchInfo).toMatchObject({ batchSize: 1 })
  })

  it('that fails is tried again, and nothing is committed before it has acknowledged', async () => {
    const on = await broker()
    await poison(on)
    const posts: unknown[] = []
    const offsets: unknown[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      posts.push([request.headers['x-millrace-destination'], JSON.parse(body).KafkaBatchInfo.batchSize])
      offsets.push(await committed(on))
      response.writeHead(posts.length < 3 ? 503 : 202).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const destinationUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/failures`
    const onFailureDestination = 'arn:aws:sns:eu-west-1:111122223333:failures'
    const errors: MillraceError[] = []
    const options = { destinationUrl, onError: (error: MillraceError) => errors.push(error) }
    const running = await mapping(on, () => crash, { ...msk, onFailureDestination }, options)
    await running.idle()
    server.close()
    expect(posts).toEqual(Array.from({ length: 3 }, () => [onFailureDestination, 3]))
    expect(offsets).toEqual(Array.from({ length: 3 }, () => ({ 0: 0, 1: 0 })))
    expect(errors).toMatchObject([
      { code: 'ML_LOCAL_DESTINATION_FAILED' },
      { message: expect.stringContaining('answered 503') },
    ])
    expect(await committed(on)).toEqual({ 0: 2, 1: 1 })
  })

  it('that never answers keeps the batch, which comes again after a stop', async () => {
    const on = await broker()
    await poison(on)
    await writeFile(join(dir, 'no-folder'), '')
    const onFailureDestination = 'arn:aws:sqs:eu-west-1:111122223333:failures'
    const onError = vi.fn()
    const options = { destinationDir: join(dir, 'no-folder'), onError }
    const first = await mapping(on, () => crash, { ...msk, onFailureDestination }, options)
    await vi.waitFor(() => expect(onError).toHaveBeenCalled())
    await first.stop()
    expect(await committed(on)).toEqual({ 0: 0, 1: 0 })
    const second = await mapping(on, () => ok())
    await second.idle()
    expect(second.history).toMatchObject([{ partitions: { 'orders-0': { count: 2 }, 'orders-1': { count: 1 } } }])
  })
})

it('takes for destinations what Lambda takes', () => {
  expect(
    ['arn:aws:sqs:r:1:q', 'arn:aws:sns:r:1:t.fifo', 'arn:aws-cn:s3:::b', 'kafka://a.b-c_d'].map(readDestination),
  ).toMatchObject([
    { kind: 'sqs', name: 'q' },
    { kind: 'sns', name: 't.fifo' },
    { kind: 's3', name: 'b' },
    { kind: 'kafka', name: 'a.b-c_d' },
  ])
  const none = [
    '',
    'arn:aws:lambda:r:1:function:f',
    'kafka://.a',
    'kafka://a/b',
    'arn:aws:sqs:r:1:../q',
    'arn:aws:s3:::a/b',
  ]
  expect(none.map(readDestination)).toEqual(none.map(() => undefined))
})

/** The first messages of a topic: their keys as text, their values as JSON. */
async function consumed(on: Broker, topic: string, count: number) {
  const kafka = new Kafka({ brokers: [on.address], clientId: 'test', logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: 'observer', maxWaitTimeInMs: 50 })
  const messages: { key: string | null; value: unknown }[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { key, value } }) => {
      messages.push({ key: key?.toString() ?? null, value: JSON.parse(value?.toString() ?? '') })
    },
  })
  await vi.waitFor(() => expect(messages).toHaveLength(count), { timeout: 10_000 })
  await consumer.disconnect()
  return messages
}
