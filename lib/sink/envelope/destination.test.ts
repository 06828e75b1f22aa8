import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, type Message } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { broker, crash, createOrders, mapping, produce } from '../../local/esm/mapping.fixture.js'
import { fromDestination, fromJson, hashOf, toJson } from './index.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-envelope-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const functionArn = 'arn:aws:lambda:eu-west-1:111122223333:function:orders:7'
const produced: Message[] = [
  { partition: 0, key: 'k', value: 'v', timestamp: '1573517884835', headers: { h: Buffer.from([0xff]) } },
  { partition: 0, value: 'b', timestamp: '1573517885580' },
  { partition: 1, value: null, timestamp: '1573517886000' },
]

/** What the emulator of a mapping sends to its destination, for three records that a function never handles. */
async function sentTo(onFailureDestination: string, changes: object = {}, values = produced) {
  const on = await broker()
  await createOrders(on, [{ name: 'max.message.bytes', value: '8000000' }])
  await produce(on, values)
  const settings = { maximumRetryAttempts: 0, functionArn, onFailureDestination, ...changes }
  const running = await mapping(on, () => crash, settings, { destinationDir: dir })
  await running.idle()
  return on
}

const fileOf = async (name: string): Promise<string[]> =>
  (await readFile(join(dir, name), 'utf8')).trimEnd().split('\n')

/** What all of them tell. */
const told = {
  ...{ format: 1, group: 'shop', function: 'orders', version: '$LATEST', attempts: 1 },
  ...{ firstSeen: expect.any(Number), lastSeen: expect.any(Number), stage: 'process', rule: 'exhausted' },
}
const reason = expect.stringMatching(
  /^Lambda gave it up: Retr\w+Exhausted; its last answer was an error \(Unhandled\)$/,
)
const bytes = (key: string | null, value: string | null, headers: { key: string; value: Buffer }[] = []) => {
  const buffer = (text: string | null) => (text === null ? null : Buffer.from(text))
  const exact = { key: buffer(key), value: buffer(value), headers }
  return { ...exact, sha256: hashOf(exact) }
}
const record = (partition: number, offset: number, timestamp: number, exact: object) => ({
  ...{ ...told, reason, id: `orders:${partition}:${offset}`, topic: 'orders', partition, offset, timestamp },
  ...{ timestampType: 'CREATE_TIME', ...exact },
})
const all = [
  record(0, 0, 1573517884835, bytes('k', 'v', [{ key: 'h', value: Buffer.from([0xff]) }])),
  record(0, 1, 1573517885580, bytes(null, 'b')),
  record(1, 0, 1573517886000, bytes(null, null)),
]

describe("what Lambda's own on-failure destination got", () => {
  it.each(['sqs', 'sns'])('of %s is read as a range of offsets for each partition [P-07 partly]', async (service) => {
    await sentTo(`arn:aws:${service}:eu-west-1:111122223333:failures`)
    const [line = ''] = await fileOf('failures.jsonl')
    const expected = [
      { id: 'orders:0:0-1', partition: 0, offset: 0, range: { from: 0, to: 1 }, timestamp: 1573517884835 },
      { id: 'orders:1:0', partition: 1, offset: 0, range: { from: 0, to: 0 }, timestamp: 1573517886000 },
    ].map((one) => ({ ...told, reason, topic: 'orders', ...one }))
    const read = fromDestination(line, { group: 'shop' })
    expect(read).toEqual(expected)
    expect(fromDestination(JSON.stringify({ Type: 'Notification', Message: line }), { group: 'shop' })).toEqual(
      expected,
    )
    expect(read.map((one) => fromJson(toJson(one)))).toEqual(expected)
  })

  it('of S3 is read as records with their exact bytes [P-08 partly]', async () => {
    await sentTo('arn:aws:s3:::bucket')
    const files = await readdir(join(dir, 'bucket'), { recursive: true, withFileTypes: true })
    const [file] = files.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
    expect(fromDestination(await readFile(file ?? ''), { group: 'shop' })).toEqual(all)
  })

  it('of Kafka is read as a record with its exact bytes, from each message [P-08 partly]', async () => {
    const { address } = await sentTo('kafka://failed')
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: 'reader', maxWaitTimeInMs: 50 })
    const values: (Buffer | null)[] = []
    await consumer.connect()
    await consumer.subscribe({ topic: 'failed', fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message: { value } }) => void values.push(value) })
    await expect.poll(() => values.length, { timeout: 10_000 }).toBe(3)
    await consumer.disconnect()
    const read = values.flatMap((value) => fromDestination(value, { group: 'shop' }))
    expect(read.sort((a, b) => a.id.localeCompare(b.id))).toEqual(all)
  })

  it('names why: its age, or its size', async () => {
    const values = [
      { partition: 0, key: 'k', value: 'old', timestamp: '1000', headers: {} },
      { partition: 0, value: 'x'.repeat(5 * 1024 * 1024), timestamp: String(Date.now()) },
    ]
    await sentTo('arn:aws:sqs:eu-west-1:111122223333:failures', { maximumRecordAgeSeconds: 3600 }, values)
    const read = (await fileOf('failures.jsonl')).flatMap((line) => fromDestination(line))
    expect(read.map(({ id, rule, attempts, group, reason }) => [id, rule, attempts, group, reason]).sort()).toEqual([
      ['orders:0:0', 'too old', 0, '', 'Lambda gave it up: RecordAgeExceeded'],
      ['orders:0:1', 'too large', 0, '', 'Lambda gave it up: MaximumPayloadSizeExceeded'],
    ])
  })

  it.each<[unknown, RegExp]>([
    ['x', /^ML_ENVELOPE_INVALID: .*no JSON/],
    [{}, /^ML_ENVELOPE_INVALID: .*none of Lambda's messages .*requestContext/],
    [{ requestContext: {}, timestamp: 'now' }, /^ML_ENVELOPE_INVALID: .*"now", none of ISO 8601/],
    [{ requestContext: {}, timestamp: '2026-01-01' }, /^ML_ENVELOPE_INVALID: .*no KafkaBatchInfo/],
    [{ requestContext: {}, timestamp: '2026-01-01', KafkaBatchInfo: {} }, /neither a payload nor recordsInfo/],
    [
      { requestContext: {}, timestamp: '2026-01-01', KafkaBatchInfo: { recordsInfo: { orders: {} } } },
      /"orders" in its recordsInfo is no <topic>-<partition>/,
    ],
    [
      {
        requestContext: {},
        timestamp: '2026-01-01',
        KafkaBatchInfo: { recordsInfo: { 'a-0': { firstRecordOffset: 1 } } },
      },
      /an offset in its recordsInfo is 1, not digits/,
    ],
    [{ requestContext: {}, timestamp: '2026-01-01', KafkaBatchInfo: {}, payload: '[]' }, /no JSON object/],
    [{ requestContext: {}, timestamp: '2026-01-01', KafkaBatchInfo: {}, payload: {} }, /its payload is no event/],
  ])('is not what %j is', (body, message) => {
    expect(() => fromDestination(body)).toThrow(message)
  })
})
