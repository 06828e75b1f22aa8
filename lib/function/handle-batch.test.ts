import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { type BatchHandler, drop, fallback, json, kafkaFunction, ok, type RecordOutcome, retry } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topic = ''
let topics = 0
captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `b${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
})

const Value = z.object({ n: z.number() })
type Given = Parameters<BatchHandler<{ n: number }>>[0]
const event = (values: readonly unknown[]) =>
  kafkaEvent({ topic, records: values.map((value, i) => ({ partition: i % 2, value })) })
const failed = async (answer: (records: Given) => readonly RecordOutcome[], values: readonly unknown[]) => {
  const given: number[][] = []
  const handler = kafkaFunction.batch({ value: json(Value) }, (records) => {
    given.push(records.map(({ value }) => value.n))
    return answer(records)
  })
  const { batchItemFailures } = await invoke(handler, event(values))
  return {
    given,
    failures: batchItemFailures.map(
      ({ itemIdentifier }) => `${itemIdentifier.partition.split('-')[1]}:${itemIdentifier.offset}`,
    ),
  }
}
const allOk = (records: Given) => records.map(({ id }) => ({ id, outcome: ok() }))
const numbers = (n: number) => Array.from({ length: n }, (_, i) => ({ n: i }))

describe('a batch handler', () => {
  it('is called once for all records of an event, each partition in its order [K-12]', async () => {
    const { given, failures } = await failed(allOk, numbers(6))
    expect([given, failures]).toEqual([[[0, 2, 4, 1, 3, 5]], []])
  })

  it('reports exactly what it answers retry for, and is not given again what is settled', async () => {
    const outcome = (n: number) => (n === 2 ? retry('later') : n === 4 ? drop('no') : n === 5 ? fallback('bad') : ok())
    const answer = (records: Given) => records.map(({ id, value }) => ({ id, outcome: outcome(value.n) }))
    expect((await failed(answer, numbers(6))).failures).toEqual(['0:1'])
    expect((await failed(allOk, numbers(6))).given).toEqual([[2]])
  })

  it('takes its answers in any order', async () => {
    expect((await failed((records) => allOk(records).reverse(), numbers(4))).failures).toEqual([])
  })

  it('does not see what cannot be decoded, and is not called where nothing can be', async () => {
    expect((await failed(allOk, [{ n: 0 }, 'no', { n: 2 }, { n: 'x' }])).given).toEqual([[0, 2]])
    topic = `${topic}x`
    process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
    expect(await failed(allOk, ['no'])).toEqual({ given: [], failures: [] })
  })

  it('fails all of its records when it throws, one attempt each', async () => {
    const attempts: number[] = []
    const handler = kafkaFunction.batch({ value: json(Value) }, (records) => {
      attempts.push(...records.map(({ attempt }) => attempt))
      throw new Error('down')
    })
    for (let i = 0; i < 2; i++) expect((await invoke(handler, event(numbers(2)))).batchItemFailures).toHaveLength(2)
    expect(attempts).toEqual([1, 1, 2, 2])
  })

  it.each<[string, (records: Given) => unknown]>([
    ['misses one [K-04]', (records) => allOk(records).slice(1)],
    ['has one too many [K-04]', (records) => [...allOk(records), { id: 'x:0:99', outcome: ok() }]],
    [
      'names one that is not known [K-05]',
      (records) => allOk(records).map((one, i) => (i === 0 ? { ...one, id: 'x:0:0' } : one)),
    ],
    ['names one twice [K-05]', (records) => [...allOk(records), ...allOk(records).slice(0, 1)]],
    ['is no list', () => undefined],
    ['has an outcome that is none', (records) => records.map(({ id }) => ({ id, outcome: 'ok' }))],
    ['has an answer that is none', (records) => records.map(() => null)],
  ])('fails the batch, and settles nothing, when its answer %s', async (_, answer) => {
    await expect(failed(answer as (records: Given) => readonly RecordOutcome[], numbers(3))).rejects.toThrow(
      /ML_OUTCOME/,
    )
    expect((await failed(allOk, numbers(3))).given).toEqual([[0, 2, 1]])
  })
})
