import { Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'
import { afterEach } from 'vitest'
import type { KafkaEvent, WireRecord } from '../../event/index.js'
import { type Broker, type BrokerOptions, startBroker } from '../broker/index.js'
import type { InvokeResult } from '../worker/index.js'
import { type MappingConfig, type MappingOptions, quietKafkajs, type RunningMapping, startMapping } from './index.js'

quietKafkajs()

/** What a test opened, closed after it in the opposite order, also when it failed. */
const open: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close()
})

export async function broker(options: BrokerOptions = {}): Promise<Broker> {
  const started = await startBroker({ defaultPartitions: 2, ...options })
  open.push(() => started.stop())
  return started
}

/** Where a broker listens. */
type Address = Pick<Broker, 'address'>

const client = ({ address }: Address) =>
  new Kafka({ brokers: [address], clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 3 } })

export async function producer(to: Address): Promise<Producer> {
  // kafkajs warns of its default once in a process: that of a test is not to hide a mapping's.
  const one = client(to).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await one.connect()
  open.push(() => one.disconnect())
  return one
}

/** Creates the topic `orders` with these records. */
export async function produce(to: Address, messages: Message[]): Promise<void> {
  await (await producer(to)).send({ topic: 'orders', messages })
}

/** `count` records in one partition, whose values are their numbers. */
export const numbered = (count: number, partition = 0, from = 0): Message[] =>
  Array.from({ length: count }, (_, n) => ({ value: String(from + n), partition }))

/** Creates the topic `orders` with settings of its own. */
export async function createOrders(to: Broker, configEntries: { name: string; value: string }[]): Promise<void> {
  const admin = client(to).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'orders', configEntries }] })
  await admin.disconnect()
}

/** The group's committed offsets by partition, as the broker has them. */
export async function committed(to: Broker, group = 'workers'): Promise<Record<number, number>> {
  const admin = client(to).admin()
  await admin.connect()
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: ['orders'] })
  await admin.disconnect()
  return Object.fromEntries(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]) ?? [])
}

export const config = (changes: Partial<MappingConfig> = {}): MappingConfig => ({
  id: 'OrdersMapping',
  functionName: 'orders',
  source: 'self-managed',
  topic: 'orders',
  group: 'workers',
  batchSize: 100,
  batchingWindowMs: 50,
  startingPosition: 'TRIM_HORIZON',
  partialResponses: true,
  provisioned: true,
  maximumRetryAttempts: -1,
  maximumRecordAgeSeconds: -1,
  bisect: false,
  enabled: true,
  ...changes,
})

export const ok = (payload: unknown = null): InvokeResult => ({
  kind: 'ok',
  requestId: 'r',
  payload,
  durationMs: 1,
  pid: 1,
  coldStart: false,
})

export const crash: InvokeResult = {
  kind: 'crash',
  requestId: 'r',
  message: 'gone',
  exitCode: null,
  signal: 'SIGKILL',
  durationMs: 1,
  pid: 1,
  coldStart: false,
}

/** Opens once, for all who wait for it. */
export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** A batch response that reports these records. */
export const report = (...failures: [partition: string, offset: number][]): InvokeResult =>
  ok({ batchItemFailures: failures.map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })) })

/** Runs a mapping on the broker with quick retries, and stops it after the test. */
export async function mapping(
  on: Address,
  invoke: (event: KafkaEvent) => Promise<InvokeResult> | InvokeResult,
  changes: Partial<MappingConfig> = {},
  options: Partial<MappingOptions> = {},
): Promise<RunningMapping> {
  const running = await startMapping(config(changes), {
    brokers: [on.address],
    invoke: async (event) => invoke(event),
    retryBackoffMs: () => 5,
    ...options,
  })
  open.push(() => running.stop())
  return running
}

/** The values of an event's records as text, by partition. */
export const values = ({ records }: KafkaEvent): Record<string, string[]> =>
  Object.fromEntries(Object.entries(records).map(([key, list]) => [key, list.map(textOf)]))

const textOf = ({ value }: WireRecord): string => Buffer.from(value ?? '', 'base64').toString()
