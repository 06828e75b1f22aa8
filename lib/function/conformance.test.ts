import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { drop, fallback, json, kafkaFunction, type Outcome, ok, retry } from '../index.js'
import {
  duplicateOf,
  invoke,
  kafkaEvent,
  poison,
  type RecordSpec,
  type TestDeployment,
  testDeployment,
  tombstone,
} from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

/** What becomes of a record, by its value; a throw is one, too. */
type Verdict = (value: unknown, attempt: number) => Outcome | undefined | Promise<Outcome | undefined>

interface Case {
  readonly name: string
  readonly records: readonly RecordSpec[]
  readonly verdict?: Verdict
  /** Of each time that the event is delivered: the values that the handler is given, and the offsets that come again. */
  readonly deliveries: readonly { readonly given: readonly unknown[]; readonly again: readonly number[] }[]
  /** Records in the failures table in the end. Default none. */
  readonly kept?: number
  /** Names what the value says twice. */
  readonly keyed?: boolean
}

const values = (...all: readonly unknown[]): RecordSpec[] => all.map((value) => ({ value: JSON.stringify(value) }))
const nothing = { given: [], again: [] }

const cases: readonly Case[] = [
  { name: 'ok', records: values(1, 2), verdict: () => ok(), deliveries: [{ given: [1, 2], again: [] }] },
  { name: 'nothing said, which is ok', records: values(1), deliveries: [{ given: [1], again: [] }] },
  { name: 'drop', records: values(1, 2), verdict: () => drop('no'), deliveries: [{ given: [1, 2], again: [] }] },
  {
    name: 'fallback',
    records: values(1, 2),
    verdict: (value) => (value === 1 ? fallback('bad') : undefined),
    deliveries: [{ given: [1, 2], again: [] }, nothing],
    kept: 1,
  },
  {
    name: 'retry, and ok at the second attempt',
    records: values(1, 2),
    verdict: (value, attempt) => (value === 1 && attempt === 1 ? retry('later') : undefined),
    deliveries: [{ given: [1, 2], again: [0] }, { given: [1], again: [] }, nothing],
  },
  {
    name: 'retry until the attempts are spent',
    records: values(1, 2),
    verdict: (value) => (value === 2 ? retry('never') : undefined),
    deliveries: [{ given: [1, 2], again: [1] }, { given: [2], again: [] }, nothing],
    kept: 1,
  },
  {
    name: 'throw, and again',
    records: values(1, 2),
    verdict: () => {
      throw new Error('down')
    },
    deliveries: [{ given: [1, 2], again: [0, 1] }, { given: [1, 2], again: [] }, nothing],
    kept: 2,
  },
  {
    name: 'reject at once, and not again',
    records: values(1),
    verdict: (_, attempt) => (attempt === 1 ? Promise.reject(new Error('down')) : undefined),
    deliveries: [
      { given: [1], again: [0] },
      { given: [1], again: [] },
    ],
  },
  {
    name: 'poison among others, which no handler is given',
    records: [...values(1), poison(), ...values(3)],
    deliveries: [{ given: [1, 3], again: [] }, nothing],
    kept: 1,
  },
  { name: 'poison alone', records: [poison()], deliveries: [nothing, nothing], kept: 1 },
  { name: 'a tombstone', records: [tombstone('k')], deliveries: [{ given: [null], again: [] }, nothing] },
  { name: 'an event without records', records: [], deliveries: [nothing] },
  {
    name: 'the event delivered twice',
    records: values(1, 2, 3),
    deliveries: [{ given: [1, 2, 3], again: [] }, nothing, nothing],
  },
  {
    name: 'one business event at two offsets',
    records: values('a', 'b', 'a'),
    keyed: true,
    deliveries: [{ given: ['a', 'b'], again: [] }, nothing],
  },
  {
    name: 'records of several partitions',
    records: values(1, 2, 3).map((record, partition) => ({ ...record, partition, offset: 10 + partition })),
    verdict: (value, attempt) => (value === 2 && attempt === 1 ? retry('later') : undefined),
    deliveries: [
      { given: [1, 2, 3], again: [11] },
      { given: [2], again: [] },
    ],
  },
  {
    name: 'an identical record later, which is another one',
    records: [...values(1), ...values(1).map(duplicateOf)],
    deliveries: [{ given: [1, 1], again: [] }, nothing],
  },
]

let deployment: TestDeployment
let topic = ''
let topics = 0
captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `c${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
})

/** Each record a lane of its own, because a batch handler's answers hold back nothing (K-12). */
const optionsOf = ({ keyed = false }: Case) => ({
  value: json(),
  order: 'none' as const,
  retry: { attempts: 2 },
  ...(keyed && { idempotencyKey: { key: ({ value }: { value: unknown }) => String(value), ttlSeconds: 60 } }),
})

const modes = {
  record: (one: Case, given: unknown[]) =>
    kafkaFunction(optionsOf(one), ({ value }, { attempt }) => {
      given.push(value)
      return one.verdict?.(value, attempt)
    }),
  batch: (one: Case, given: unknown[]) =>
    kafkaFunction.batch(optionsOf(one), (records) => {
      given.push(...records.map(({ value }) => value))
      const outcomes = records.map(async ({ id, value, attempt }) => ({
        id,
        outcome: (await one.verdict?.(value, attempt)) ?? ok(),
      }))
      return Promise.all(outcomes)
    }),
}

async function kept(): Promise<number> {
  const { client, failuresTable } = deployment
  return (await client.send(new ScanCommand({ TableName: failuresTable }))).Count ?? 0
}

describe.each(Object.entries(modes))('a function in %s mode [E-08]', (_, make) => {
  it.each(cases)('conforms: $name', async (one) => {
    const before = await kept()
    const event = kafkaEvent({ topic, records: one.records })
    const deliveries = []
    for (const _ of one.deliveries) {
      // A new environment each time: what is known is in the ledger.
      const given: unknown[] = []
      const { batchItemFailures } = await invoke(make(one, given), structuredClone(event))
      const again = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
      deliveries.push({ given: given.sort(), again: again.sort((a, b) => a - b) })
    }
    expect(deliveries).toEqual(one.deliveries)
    expect((await kept()) - before).toBe(one.kept ?? 0)
  })
})
