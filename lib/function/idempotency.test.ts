import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { type IdempotencyOption, json, type KafkaRecord, kafkaFunction, retry } from '../index.js'
import { invoke, kafkaEvent, type RecordSpec, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

const Order = z.object({ order: z.optional(z.string()), n: z.optional(z.number()) })
type Order = z.infer<typeof Order>
let deployment: TestDeployment
let topic = ''
let topics = 0
let group = 'g'
const logs = captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `i${topics++}`
  group = `g${topics}`
  logs.clear()
})

/** A function that writes down what it ran, and fails what it is told to. */
function ordering(idempotencyKey: IdempotencyOption<KafkaRecord<Order>>, failing = new Set<string>()) {
  const ran: string[] = []
  const handler = kafkaFunction({ value: json(Order), order: 'none', idempotencyKey }, (record, ctx) => {
    ran.push(record.id.slice(topic.length + 1))
    if (failing.has(record.value.order ?? '')) return retry('not now')
    ctx.result({ answered: record.offset })
  })
  const send = async (records: readonly RecordSpec[]) => {
    process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses: true, withholds: false }])
    const { batchItemFailures } = await invoke(handler, kafkaEvent({ topic, records }))
    return batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition.split('-')[1]}:${offset}`)
  }
  return { ran, send }
}
const order = (value: Order, offset: number, partition = 0): RecordSpec => ({ value, offset, partition })
const key = ({ value }: KafkaRecord<Order>) => value.order

describe.each(['group', 'partition'] as const)('an idempotency key of the scope %s', (scope) => {
  it('gives an event that was produced twice its effect once, in one batch and across batches [R-24]', async () => {
    const { ran, send } = ordering({ key, scope })
    expect(await send([order({ order: 'a' }, 0), order({ order: 'a' }, 1), order({ order: 'b' }, 2)])).toEqual([])
    expect(await send([order({ order: 'a' }, 3), order({ order: 'c' }, 4)])).toEqual([])
    expect(ran).toEqual(['0:0', '0:2', '0:4'])
    expect(logs.lines('duplicate')).toHaveLength(2)
  })

  it('reports a duplicate while its first is not settled, at no attempt’s cost, and runs the first again', async () => {
    const failing = new Set(['a'])
    const { ran, send } = ordering({ key, scope }, failing)
    expect(await send([order({ order: 'a' }, 0), order({ order: 'a' }, 1)])).toEqual(['0:0', '0:1'])
    expect(await send([order({ order: 'a' }, 0), order({ order: 'a' }, 1)])).toEqual(['0:0', '0:1'])
    failing.clear()
    expect(await send([order({ order: 'a' }, 0), order({ order: 'a' }, 1)])).toEqual([])
    expect(ran).toEqual(['0:0', '0:0', '0:0'])
  })

  it('sends a record without key to the failures, unless keys are optional', async () => {
    const strict = ordering({ key, scope })
    expect(await strict.send([order({ n: 1 }, 0), order({ order: 'a' }, 1)])).toEqual([])
    expect(strict.ran).toEqual(['0:1'])
    expect(logs.lines('fallback')[0]).toMatchObject({ offset: 0, stage: 'validate' })
    topic = `${topic}x`
    const lax = ordering({ key, scope, optional: true })
    expect(await lax.send([order({ n: 1 }, 0), order({ n: 1 }, 1)])).toEqual([])
    expect(lax.ran).toEqual(['0:0', '0:1'])
  })
})

describe('an idempotency key', () => {
  it('holds across the partitions of a topic in a group, and never between two groups', async () => {
    const { ran, send } = ordering(key)
    expect(await send([order({ order: 'a' }, 0, 0), order({ order: 'a' }, 0, 1)])).toEqual([])
    expect(ran).toEqual(['0:0'])
    group = 'another'
    const other = ordering(key)
    expect(await other.send([order({ order: 'a' }, 7)])).toEqual([])
    expect(other.ran).toEqual(['0:7'])
  })

  it('is never shared by two functions of one group, each with its topic', async () => {
    const orders = ordering(key)
    expect(await orders.send([order({ order: 'a' }, 0)])).toEqual([])
    topic = `${topic}p`
    const payments = ordering(key)
    expect(await payments.send([order({ order: 'a' }, 0), order({ order: 'a' }, 1)])).toEqual([])
    expect([orders.ran, payments.ran]).toEqual([['0:0'], ['0:0']])
  })

  it.each(['partition', 'key'] as const)('lets no record wait for what stands behind it (order %s)', async (by) => {
    const ran: string[] = []
    const failing = new Set(['c', 'd'])
    const idempotencyKey = { key, onDuplicate: ({ id }: KafkaRecord<Order>) => void ran.push(`again ${id}`) }
    const handler = kafkaFunction({ value: json(Order), order: by, idempotencyKey }, ({ id, value }) => {
      if (failing.has(value.order ?? '')) return retry('not now')
      ran.push(id)
    })
    const send = async (...records: readonly RecordSpec[]) => {
      process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses: true, withholds: false }])
      const keyed = records.map((one) => ({ ...one, key: 'lane' }))
      return (await invoke(handler, kafkaEvent({ topic, records: keyed }))).batchItemFailures.length
    }
    const p0 = [order({ order: 'c' }, 0), order({ order: 'a' }, 1), order({ order: 'b' }, 2)]
    const p1 = [order({ order: 'd' }, 0, 1), order({ order: 'b' }, 1, 1), order({ order: 'a' }, 2, 1)]
    // Each gets a key whose other record stands in front in the other's lane, and its own lane stops ahead of it.
    await send(...p0.slice(0, 1), ...p0.slice(2))
    await send(...p1.slice(0, 1), ...p1.slice(2))
    failing.clear()
    let left = 1
    for (let n = 0; n < 3 && left > 0; n++) left = (await send(...p0)) + (await send(...p1))
    expect(left).toBe(0)
    expect(ran.filter((line) => !line.startsWith('again'))).toHaveLength(4)
  })

  it('hands a duplicate the first result, where that is asked for [P-18]', async () => {
    const seen: unknown[] = []
    const { ran, send } = ordering({ key, onDuplicate: ({ offset }, first) => void seen.push([offset, first]) })
    expect(await send([order({ order: 'a' }, 0), order({ order: 'a' }, 1)])).toEqual(['0:1'])
    expect(await send([order({ order: 'a' }, 1)])).toEqual([])
    expect([ran, seen]).toEqual([['0:0'], [[1, { answered: 0 }]]])
  })
})
