import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kafkaFunction } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'drained' })
})
afterAll(() => deployment.stop())

it('at its deadline starts nothing more, and answers when nothing is in flight: what ended is settled [T-12]', async () => {
  const inFlight = new Set<number>()
  const ended: number[] = []
  const work = kafkaFunction({ order: 'none', concurrency: 3 }, async ({ offset }, { signal }) => {
    inFlight.add(offset)
    // Work that goes on until it is told that the time runs out, and then still has an await to make.
    if (!signal.aborted) await once(signal, 'abort')
    await new Promise((resolve) => setImmediate(resolve))
    ended.push(offset)
    inFlight.delete(offset)
  })
  const records = Array.from({ length: 10 }, (_, offset) => ({ offset, value: offset }))
  const event = kafkaEvent({ topic: 'drained', records })
  const { batchItemFailures } = await invoke(work, event, { timeoutMs: 3_000 })
  expect([...inFlight]).toEqual([])
  expect(ended).toEqual([0, 1, 2])
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)).toEqual([3, 4, 5, 6, 7, 8, 9])
  // Settled they are, and nothing else is: the next environment has the others alone.
  const seen: number[] = []
  const next = kafkaFunction({ order: 'none' }, ({ offset }) => void seen.push(offset))
  expect((await invoke(next, event)).batchItemFailures).toEqual([])
  expect(seen.sort()).toEqual([3, 4, 5, 6, 7, 8, 9])
})
