import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FunctionOptions, fallback, type KafkaRecord, kafkaFunction, ok, retry, text } from '../index.js'
import { type Original, withOriginal } from '../redrive/index.js'
import { invoke, kafkaEvent, type RecordSpec, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topic = ''
let topics = 0
const group = 'billing'
const logs = captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `r${topics++}`
  logs.clear()
})

/** What a test says of a record: its place, its value. */
type Spec = readonly [partition: number, offset: number, value: string]

const record = ([partition, offset, value]: Spec): RecordSpec => ({ partition, offset, value, key: 'k' })

/** The redrive of a record, or of another redrive, at a place of its own. */
function redrive(of: RecordSpec, partition: number, offset: number, by = group): RecordSpec {
  const original: Original = {
    ...{ topic, partition: of.partition ?? 0, offset: of.offset ?? 0, group: by },
    timestamp: of.timestamp ?? 1_700_000_000_000 + (of.offset ?? 0),
  }
  const before = (of.headers ?? []).map(([key, value]) => ({ key, value: value === null ? null : Buffer.from(value) }))
  const headers = withOriginal(before, original).map(({ key, value }) => [key, value] as const)
  return { ...of, partition, offset, headers }
}

/** A function that gives up, or fails, what it is told to; what it ran well. */
function billing(options: Partial<FunctionOptions<string | null>> = {}, whole = false) {
  const effects: string[] = []
  const [bad, failing] = [new Set<string>(), new Set<string>()]
  const all = { value: text(), order: 'none' as const, ...options }
  const handle = ({ id, value: delivered }: KafkaRecord<string | null>) => {
    const value = delivered ?? ''
    if (bad.has(value)) return fallback('not billable')
    if (failing.has(value)) return retry('not now')
    effects.push(`${value} ${id.slice(topic.length + 1)}`)
    return ok()
  }
  const handler = whole
    ? kafkaFunction.batch<string | null>(all, (records) => records.map((one) => ({ id: one.id, outcome: handle(one) })))
    : kafkaFunction<string | null>(all, handle)
  const send = async (...records: readonly RecordSpec[]): Promise<string[]> => {
    process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses: true, withholds: false }])
    const { batchItemFailures } = await invoke(handler, kafkaEvent({ topic, records }))
    return batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition.split('-')[1]}:${offset}`)
  }
  return { effects, bad, failing, send }
}

const first = record([0, 0, 'a'])
const keyOf = ({ value }: KafkaRecord<string | null>) => value ?? undefined

const functions: [string, Partial<FunctionOptions<string | null>>, boolean?][] = [
  ['a function', {}],
  ['a function that handles whole batches', {}, true],
  ['a function that runs at most once', { delivery: 'at-most-once' }],
  ['a function whose partitions settle as one', { atomicity: 'partition' }],
  ['a function whose batches settle as one', { atomicity: 'batch' }],
  ['a batch handler whose batches settle as one', { atomicity: 'batch' }, true],
  ['a function that keeps the order of partitions', { order: 'partition' }],
  ['a function with idempotency keys', { idempotencyKey: keyOf }],
  ['a function with idempotency keys of the scope partition', { idempotencyKey: { key: keyOf, scope: 'partition' } }],
  ['a batch handler with idempotency keys', { idempotencyKey: keyOf }, true],
]

describe.each(functions)('%s', (_, options, whole) => {
  it('gives a record its effect that was given up on and redriven, once, however often [R-24 partly]', async () => {
    const { effects, bad, send } = billing(options, whole)
    bad.add('a')
    expect(await send(first)).toEqual([])
    expect(effects).toEqual([])
    bad.clear()
    // Twice at once, once more to the same partition, and once more to another.
    expect(await send(redrive(first, 0, 1), redrive(first, 0, 2))).toEqual([])
    expect(await send(redrive(first, 0, 3), redrive(first, 1, 0))).toEqual([])
    expect(effects).toEqual(['a 0:1'])
    const rule = 'redriven before'
    expect(logs.lines('duplicate')).toEqual(Array(3).fill(expect.objectContaining({ rule })))
  })

  it('does so as well where the redrive was given up on, and redriven in its turn', async () => {
    const { effects, bad, send } = billing(options, whole)
    bad.add('a')
    await send(first)
    const again = redrive(first, 0, 1)
    expect(await send(again)).toEqual([])
    bad.clear()
    // Whoever redrives the first once more changes nothing: it stands among the failures as its redrive.
    expect(await send(redrive(first, 0, 2))).toEqual([])
    expect(effects).toEqual([])
    expect(await send(redrive(again, 0, 3))).toEqual([])
    expect(await send(redrive(again, 0, 4), redrive(first, 0, 5))).toEqual([])
    expect(effects).toEqual(['a 0:3'])
  })
})

describe('A redriven record', () => {
  it('of another group is dropped before it is decoded, with a line that says so [R-44]', async () => {
    const { effects, send } = billing({ value: text() })
    const undecodable = { ...redrive(first, 0, 1, 'shipping'), value: Buffer.from([0xff]) }
    expect(await send(undecodable, redrive(record([1, 7, 'b']), 1, 8))).toEqual([])
    expect(effects).toEqual(['b 1:8'])
    expect(logs.lines('drop')).toEqual([
      expect.objectContaining({
        offset: 1,
        rule: 'redriven for another group',
        reason: expect.stringContaining('shipping'),
      }),
    ])
    expect(logs.lines('fallback')).toEqual([])
  })

  it('waits while another redrive of the same record has failed, at no attempt’s cost', async () => {
    const { effects, failing, send } = billing()
    failing.add('a')
    expect(await send(redrive(first, 0, 1))).toEqual(['0:1'])
    expect(await send(redrive(first, 1, 0))).toEqual(['1:0'])
    failing.clear()
    expect(await send(redrive(first, 0, 1), redrive(first, 1, 0))).toEqual([])
    expect(effects).toEqual(['a 0:1'])
  })

  it('says which record was given up on first', async () => {
    const told: (string | undefined)[] = []
    const handler = kafkaFunction<string | null>({ value: text() }, ({ original }) => void told.push(original))
    process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses: true, withholds: false }])
    const once = redrive(first, 0, 1)
    const records = [once, record([0, 3, 'x']), redrive(once, 0, 5)]
    await invoke(handler, kafkaEvent({ topic, records }))
    expect(told).toEqual([`${topic}:0:0`, undefined, `${topic}:0:0`])
  })
})

describe('A business event that was given up on', () => {
  it('is not run when it is produced again: it stands among the failures, and its redrive has its effect', async () => {
    const { effects, bad, send } = billing({ idempotencyKey: keyOf })
    bad.add('a')
    await send(first)
    bad.clear()
    expect(await send(record([0, 1, 'a']))).toEqual([])
    expect(effects).toEqual([])
    expect(await send(record([0, 2, 'a']), redrive(first, 0, 3))).toEqual([])
    expect(effects).toEqual(['a 0:3'])
  })

  it('and has had its effect since, by a record that came when its key was forgotten, is not run again', async () => {
    const { effects, send } = billing({ idempotencyKey: keyOf })
    await send(record([0, 5, 'a']))
    expect(await send(redrive(first, 0, 6))).toEqual([])
    expect(effects).toEqual(['a 0:5'])
  })
})
