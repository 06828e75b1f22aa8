import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { type FunctionOptions, hold, kafkaFunction } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topic = ''
let topics = 0
const logs = captureLogs()
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `started-${topics++}`
  logs.clear()
})
afterEach(() => vi.unstubAllEnvs())

/** Invokes a function of a mapping with so many retries, once for each record. */
async function run(retries: number | undefined, options: FunctionOptions, answers: readonly unknown[]) {
  const mapping = { topic, group: 'g', partialResponses: true, withholds: false, retries }
  vi.stubEnv('MILLRACE_MAPPINGS', JSON.stringify([mapping]))
  const handler = kafkaFunction(options, ({ offset }) => answers[offset] as never)
  for (const offset of answers.keys())
    await invoke(handler, kafkaEvent({ topic, records: [{ offset, value: {} }] }), { timeoutMs: 6_000 })
}

it('says once what runs here and for what [T-19 partly]', async () => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_VERSION', '7')
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'shop-dev-orders')
  await run(undefined, { retry: { attempts: 3 } }, [undefined, undefined])
  expect(logs.lines('start')).toMatchObject([
    {
      level: 'INFO',
      topic,
      group: 'g',
      function: 'shop-dev-orders',
      version: '7',
      attempts: 3,
      retries: -1,
      partialResponses: true,
    },
  ])
  expect(logs.lines('too few retries')).toEqual([])
})

it('says once where the mapping has too few retries', async () => {
  await run(7, {}, [undefined, undefined])
  expect(logs.lines('too few retries')).toMatchObject([
    {
      level: 'ERROR',
      code: 'ML_RETRIES_TOO_FEW',
      topic,
      group: 'g',
      retries: 7,
      needed: 8,
      reason: expect.stringContaining('maximumRetryAttempts'),
    },
  ])
})

it('says so as well when a handler holds, and the mapping has too few retries for that', async () => {
  const held = hold({ reason: 'not open yet', forMs: 1 })
  await run(50, { order: 'none' }, [undefined, held, held])
  expect(logs.lines('too few retries')).toMatchObject([{ retries: 50, needed: 108 }])
})

it('says nothing where its holds have room, as many as its option says', async () => {
  await run(20, { hold: { maxDeliveries: 12 } }, [hold({ reason: 'not open yet', forMs: 1 })])
  expect(logs.lines('too few retries')).toEqual([])
  topic = `started-${topics++}`
  await run(19, { hold: { maxDeliveries: 12 } }, [undefined])
  expect(logs.lines('too few retries')).toMatchObject([{ needed: 20 }])
})

it('says so where any number is too few: records that are kept until they are mended', async () => {
  for (const options of [{ retry: { onExhausted: 'retry' } }, { poison: { decode: 'fail' } }] as const) {
    logs.clear()
    topic = `started-${topics++}`
    await run(9_999, options, [undefined])
    expect(logs.lines('too few retries')).toMatchObject([{ retries: 9_999, needed: -1 }])
    topic = `started-${topics++}`
    logs.clear()
    await run(undefined, options, [undefined])
    expect(logs.lines('too few retries')).toEqual([])
  }
})
