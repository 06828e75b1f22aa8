import { SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, describe, expect, it } from 'vitest'
import { type SinkOnTarget, sinkConformance } from '../../testing/index.js'
import { recordsOf, some } from '../../testing/sink/records.js'
import { recordOf } from '../../testing/sink/sqs-record.js'
import { sqsSink } from './index.js'
import { type Queue, startQueue } from './queue.fixture.js'

const queues: Queue[] = []
const clients: SQSClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const queue of queues.splice(0)) await queue.stop()
})

/** A queue, and a sink on it. */
async function queueOf(name = 'kept.fifo') {
  const queue = await startQueue(name)
  queues.push(queue)
  const client = new SQSClient({
    endpoint: queue.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
  clients.push(client)
  return { queue, sink: sqsSink({ queueUrl: queue.url, client }) }
}

async function target(): Promise<SinkOnTarget> {
  const { queue, sink } = await queueOf()
  const { state, messages } = queue
  return {
    sink,
    contents: async () => messages.map(({ body, attributes }) => recordOf(body, attributes)),
    snapshot: async () => JSON.stringify(messages),
    calls: () => state.calls,
    refuse: (ids) => {
      state.refused = ids
    },
    hang: (hangs) => {
      state.hangs = hangs
    },
  }
}

const never = new AbortController().signal

/** The queue of these tests is one of our own that speaks the protocol; `npm run test:sqs` has the same checks on moto. */
describe('the sink on an SQS queue', () => {
  it.each(sinkConformance({ make: target, shows: ['calls', 'refuse', 'hang'] }))('$name [K-16]', ({ run }) => run())

  it('says how a body is to be read that is no text of its own', async () => {
    const { queue, sink } = await queueOf('plain')
    await sink.write(recordsOf([{ value: null }, { value: Buffer.alloc(0) }, { value: Buffer.from([0xff]) }]), never)
    const encodings = queue.messages.map(({ attributes }) => attributes.encoding?.StringValue)
    expect(encodings).toEqual(['null', 'empty', 'base64'])
  })

  it('takes along id, key and the headers that fit', async () => {
    const { queue, sink } = await queueOf()
    const headers = [
      { key: 'x', value: Buffer.from('old') },
      { key: 'x', value: Buffer.from('new') },
      { key: 'AWS.reserved', value: Buffer.from('v') },
      { key: 'none', value: null },
      { key: 'bytes', value: Buffer.from([0, 1]) },
      ...Array.from({ length: 20 }, (_, i) => ({ key: `h${i}`, value: Buffer.from('v') })),
    ]
    const records = recordsOf([{ headers: headers.toReversed() }, { headers: headers.slice(0, 5) }])
    expect(await sink.write(records, never)).toEqual([{ ok: true }, { ok: true }])
    const [many, few] = queue.messages.map(({ attributes }) => attributes)
    expect(Object.keys(many ?? {})).toHaveLength(10)
    expect(few).toMatchObject({
      x: { StringValue: 'new' },
      bytes: { DataType: 'Binary' },
      id: { StringValue: records[1]?.id },
    })
    expect(Object.keys(few ?? {}).sort()).toEqual(['bytes', 'id', 'key', 'x'])
  })

  it('fits calls to what SQS takes, and refuses for good what never fits', async () => {
    const { queue, sink } = await queueOf()
    const big = (size: number) => ({ value: Buffer.alloc(size, 'x') })
    const answers = await sink.write(recordsOf([big(600_000), big(600_000), big(1_048_576), big(1)]), never)
    expect(answers).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: false, status: 'fallback', error: { code: 'ML_SINK_REFUSED' } },
      { ok: true },
    ])
    expect([queue.state.calls, queue.messages.length]).toEqual([2, 3])
  })

  it('keeps what follows in a group behind a message that failed', async () => {
    const { queue, sink } = await queueOf()
    const records = recordsOf(Array.from({ length: 40 }, (_, i) => ({ key: Buffer.from(`g${i % 2}`) })))
    queue.state.refused = new Set([records[0]?.id ?? ''])
    const answers = await sink.write(records, never)
    // Those in the same call cannot be kept back.
    expect(answers.map(({ ok }) => ok).slice(10)).toEqual(Array.from({ length: 30 }, (_, i) => i % 2 === 1))
    expect(queue.messages.every(({ group }, i) => i < 9 || group === 'g1')).toBe(true)
  })

  it('has ids that SQS takes, whatever the key, and the same for the same record [P-17]', async () => {
    const { queue, sink } = await queueOf()
    const keys = ['ordinary', 'with blanks', 'ä', 'x'.repeat(200), '', null]
    const records = recordsOf(keys.map((key) => ({ key: key === null ? null : Buffer.from(key) })))
    for (const _ of [1, 2]) expect((await sink.write(records, never)).every(({ ok }) => ok)).toBe(true)
    expect(queue.messages).toHaveLength(keys.length)
    expect(queue.messages[0]?.group).toBe('ordinary')
  })

  it.each([
    ['QueueDoesNotExist', 'retry'],
    ['RequestThrottled', 'retry'],
    ['KmsAccessDenied', 'retry'],
    ['InvalidMessageContents', 'fallback'],
  ])('after %s: %s', async (error, status) => {
    const { queue, sink } = await queueOf()
    queue.state.error = error
    const answers = await sink.write(some(2), never)
    expect(answers.map((answer) => !answer.ok && (answer.status ?? 'retry'))).toEqual([status, status])
    expect(answers[0]).toMatchObject({ error: { message: expect.stringContaining('sqs kept.fifo') } })
  })

  it('is retried where nobody answers', async () => {
    const client = new SQSClient({ endpoint: 'http://127.0.0.1:9', region: 'us-east-1', maxAttempts: 1 })
    clients.push(client)
    const [answer] = await sqsSink({ queueUrl: 'http://127.0.0.1:9/0/q', client }).write(some(1), never)
    expect(answer).toMatchObject({ ok: false, error: { code: 'ML_SINK_FAILED' } })
  })
})
