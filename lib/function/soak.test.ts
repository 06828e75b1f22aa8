import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { json, kafkaFunction, retry } from '../index.js'
import { invoke, kafkaEvent, loadEvent, type TestDeployment, testDeployment } from '../testing/index.js'

/** Batches in all, and how many of them come before what is known and compiled has its size. */
const batches = 2_000
const settlingIn = 500
const perBatch = 8
const partitions = 2

/** What the heap may hold more in the end, in bytes: what V8 knows of code levels off, and an event a batch would be three times it. */
const mostGrowth = 2.5 * 1024 * 1024

let deployment: TestDeployment
const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }))
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'soak' })
  // What is logged goes nowhere; a mock would keep it.
  for (const { stream } of streams) stream.write = () => true
})
afterAll(async () => {
  for (const { stream, write } of streams) stream.write = write
  await deployment.stop()
})

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

async function held(): Promise<{ readonly heap: number; readonly resources: Record<string, number> }> {
  // What is about to be closed is not held.
  await new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 3; i++) collect()
  const resources: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  return { heap: process.memoryUsage().heapUsed, resources }
}

/** The next records of each partition. */
function eventAt(batch: number) {
  const { records } = loadEvent({ topic: 'soak', count: perBatch, partitions, seed: batch + 1, nullKeys: 1 })
  const specs = Object.values(records).flatMap((all) =>
    all.map(({ partition, value, offset }) => ({
      partition,
      value: Buffer.from(value ?? '', 'base64'),
      offset: (batch * perBatch) / partitions + offset,
    })),
  )
  return kafkaEvent({ topic: 'soak', records: specs })
}

describe('a function over thousands of batches', () => {
  it(
    'never stalls, and holds neither memory nor sockets nor timers for what is done [E-09]',
    { timeout: 240_000 },
    async () => {
      const handled = { runs: 0, failed: 0 }
      const handler = kafkaFunction({ value: json() }, (record, { attempt }) => {
        handled.runs++
        if (record.offset % 100 !== 0 || attempt > 1) return undefined
        handled.failed++
        return retry('not now')
      })
      let before = await held()
      for (let batch = 0; batch < batches; batch++) {
        if (batch === settlingIn) before = await held()
        const event = eventAt(batch)
        const { batchItemFailures } = await invoke(handler, event)
        // What failed is delivered again, with all that came with it.
        if (batchItemFailures.length > 0) expect((await invoke(handler, event)).batchItemFailures).toEqual([])
      }
      const after = await held()
      expect(handled.failed).toBe((batches * perBatch) / 100)
      expect(handled.runs).toBeGreaterThanOrEqual(batches * perBatch + handled.failed)
      expect(after.heap - before.heap).toBeLessThan(mostGrowth)
      for (const [name, count] of Object.entries(after.resources)) {
        expect(count, name).toBeLessThanOrEqual(before.resources[name] ?? 0)
      }
    },
  )
})
