/**
 * What `millrace dev` is, in a process of its own: the broker and the emulated mappings here, one process for the function and one
 * for its store.
 */
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { serve } from '../measure/servant.js'
import * as local from '../sides/local.js'
import { deploymentEnvironment, tables } from '../sides/side.js'
import type { Latencies, System, SystemPlan } from './types.js'

interface Running {
  readonly broker: local.Broker
  readonly store: local.Store
  readonly worker: local.Worker
  /** Records that the function says it has handled. */
  handled: number
}

let running: Running | undefined

async function start({ topics, bundle }: SystemPlan): Promise<System> {
  const [broker, store] = [await local.startBroker(), await local.startStore()]
  await createTables(store.url)
  const worker = local.startWorker({
    functionName: 'bench',
    handler: 'function.handler',
    dir: dirname(bundle),
    environment: { ...deploymentEnvironment(topics), ...local.storeEnvironment(store.url) },
    timeoutMs: 60_000,
    memoryMb: 1_024,
    log: count,
  })
  running = { broker, store, worker, handled: 0 }
  return { brokers: [broker.address], engine: store.engine }
}

async function createTables(url: string): Promise<void> {
  const client = local.storeClient(url)
  await local.ensureTables(
    client,
    (['bench-ledger', 'bench-failures'] as const).map((TableName) => ({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: tables[TableName].map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
      AttributeDefinitions: tables[TableName].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    })),
  )
  client.destroy()
}

/** The framework's own line about each batch says how many records were handled. */
function count(line: string): void {
  if (running && line.includes('"message":"batch"')) running.handled += Number(/"ok":(\d+)/.exec(line)?.[1] ?? 0)
}

interface Delivery {
  readonly topic: string
  readonly records: number
  readonly batchSize: number
  readonly batchingWindowMs: number
}

/** Delivers so many records; milliseconds from when the mapping has joined its group until the last record is settled. */
async function deliver(delivery: Delivery): Promise<number> {
  const { ms } = await run(delivery, () => undefined)
  return ms
}

/** Delivers records as they come; when each was settled, by the time that its value says it was produced. */
async function settle(delivery: Delivery): Promise<Latencies> {
  const latencies: number[] = []
  await run(delivery, (value, now) => latencies.push(now - JSON.parse(value).sentAt))
  return latencies
}

async function run(
  { topic, records: wanted, batchSize, batchingWindowMs }: Delivery,
  see: (value: string, now: number) => void,
) {
  if (!running) throw new Error('it was not started')
  const { worker, broker, handled: before } = running
  const [done, all] = signal()
  let [settled, ended] = [0, 0]
  let problem: unknown
  const mapping = await local.startMapping(config(topic, batchSize, batchingWindowMs), {
    brokers: [broker.address],
    invoke: (event) => worker.invoke(event),
    onBatch: ({ event, result, decision }) => {
      if (decision.kind !== 'settled') problem ??= { decision, result }
      const records = Object.values(event.records).flat()
      const now = performance.timeOrigin + performance.now()
      if (batchingWindowMs === 0)
        for (const { value } of records) see(Buffer.from(value ?? '', 'base64').toString(), now)
      settled += records.length
      ended = performance.now()
      if (settled >= wanted || problem !== undefined) done()
    },
  })
  const began = performance.now()
  await all
  await mapping.stop()
  if (problem !== undefined) throw new Error(`a batch was not settled: ${JSON.stringify(problem)}`)
  // What the function wrote comes by a way of its own.
  for (let i = 0; i < 100 && running.handled - before < wanted; i++) await delay(20)
  if (running.handled - before !== wanted) {
    throw new Error(`the function handled ${running.handled - before} of ${wanted} records`)
  }
  return { ms: ended - began }
}

function signal(): [done: () => void, all: Promise<void>] {
  let done = (): void => undefined
  const all = new Promise<void>((resolve) => (done = resolve))
  return [done, all]
}

const config = (topic: string, batchSize: number, batchingWindowMs: number): local.MappingConfig => ({
  id: topic,
  functionName: 'bench',
  source: 'self-managed',
  topic,
  group: 'bench',
  batchSize,
  batchingWindowMs,
  startingPosition: 'TRIM_HORIZON',
  partialResponses: true,
  provisioned: true,
  maximumRetryAttempts: -1,
  maximumRecordAgeSeconds: -1,
  bisect: false,
  enabled: true,
})

serve({ start, deliver, settle }, async () => {
  await running?.worker.stop()
  await running?.broker.stop()
  await running?.store.stop()
})
