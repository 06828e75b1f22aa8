import { createHook } from 'node:async_hooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Handler, kafkaFunction } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topics = 0
captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

/** Promises that an invocation makes in all, whoever makes them. */
async function promisesOf(handle: Handler, records: number): Promise<number> {
  const topic = `c${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
  const handler = kafkaFunction({ concurrency: 1 }, handle)
  const event = kafkaEvent({ topic, records: Array.from({ length: records }, (_, value) => ({ value })) })
  let promises = 0
  const hook = createHook({ init: (_, type) => void (type === 'PROMISE' && promises++) }).enable()
  try {
    expect((await invoke(handler, event)).batchItemFailures).toEqual([])
  } finally {
    hook.disable()
  }
  return promises
}

// Time is measured in the benchmarks. What a record costs beside its handler shows here as well, in promises, which do not depend
// on the machine.
it.each<[string, Handler, number]>([
  ['no promise per record where the handler is synchronous', () => undefined, 0],
  ['two promises per record beside the one that the handler answers with', async () => undefined, 3],
])('makes %s [K-17 partly]', async (_, handle, most) => {
  await promisesOf(handle, 10)
  const [few, many] = [await promisesOf(handle, 1_000), await promisesOf(handle, 3_000)]
  // The calls of the store make some hundreds per invocation, not always as many.
  expect(Math.abs(Math.round(((many - few) / 2_000) * 2) / 2)).toBe(most)
})
