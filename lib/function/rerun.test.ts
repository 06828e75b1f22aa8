import { ScanCommand } from '@aws-sdk/client-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drop, fallback, kafkaFunction, retry, text } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topics = 0
captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({
    topic: 'none',
    tables: [
      {
        TableName: 'sums',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
      },
    ],
  })
})
afterAll(() => deployment.stop())

/** All items of a table, as bytes would show them. */
async function dump(TableName: string): Promise<readonly string[]> {
  const { Items = [] } = await deployment.client.send(new ScanCommand({ TableName, ConsistentRead: true }))
  return Items.map((item) => JSON.stringify(item, sorted)).sort()
}
const sorted = (_: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort())
    : value
const sinks = async () => [await dump(deployment.failuresTable), await dump('sums')]

/** A new execution environment, which knows nothing of what was before. */
const environment = () =>
  kafkaFunction({ value: text(), order: 'key', retry: { attempts: 3 } }, ({ key, value }, ctx) => {
    ctx.atomically([
      {
        Update: {
          TableName: 'sums',
          Key: { key: { S: String(key) } },
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        },
      },
    ])
    if (value === 'drop') return drop('not needed')
    if (value === 'fallback') return fallback('not possible')
    if (value === 'fails' || (value === 'fails once' && ctx.attempt === 1)) return retry('not now')
    return undefined
  })

const record = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  partition: fc.nat(1),
  value: fc.constantFrom('fine', 'fine', 'fine', 'drop', 'fallback', 'fails', 'fails once', Buffer.from([0xff])),
})

it('leaves the sinks byte for byte as they were, whatever part of a settled batch is run again, and wherever [K-11]', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 12 }), fc.nat(), async (records, from) => {
      const topic = `r${topics++}`
      const mapping = { topic, group: 'g', partialResponses: true, withholds: false }
      process.env.MILLRACE_MAPPINGS = JSON.stringify([mapping])
      const event = kafkaEvent({ topic, records })
      const first = environment()
      for (let i = 0; (await invoke(first, event)).batchItemFailures.length > 0; i++) expect(i).toBeLessThan(30)
      const before = await sinks()
      const part = Object.entries(event.records).map(([name, list]) => [name, list.slice(from % list.length)] as const)
      for (const again of [event, { ...event, records: Object.fromEntries(part) }]) {
        for (const handler of [first, environment()]) {
          expect((await invoke(handler, again)).batchItemFailures).toEqual([])
          expect((await sinks()).join() === before.join()).toBe(true)
        }
      }
    }),
    { numRuns: 25 },
  )
}, 120_000)
