import { Kafka, logLevel } from 'kafkajs'
import { afterEach } from 'vitest'
import { type Broker, type BrokerOptions, startBroker } from './index.js'

/** What a test opened, closed after it in the opposite order, also when it failed. */
const open: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close()
})

export function closing<T>(thing: T, close: (thing: T) => Promise<unknown>): T {
  open.push(() => close(thing))
  return thing
}

export async function broker(options?: BrokerOptions): Promise<Broker> {
  return closing(await startBroker(options), (started) => started.stop())
}

export function kafka({ address }: Broker): Kafka {
  return new Kafka({ brokers: [address], clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 2 } })
}

export async function admin(to: Broker) {
  const client = closing(kafka(to).admin(), (one) => one.disconnect())
  await client.connect()
  return client
}

export async function producer(to: Broker, config?: Parameters<Kafka['producer']>[0]) {
  const client = closing(kafka(to).producer(config), (one) => one.disconnect())
  await client.connect()
  return client
}

/** A record as a test wants to see it. */
export interface Seen {
  readonly partition: number
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, unknown>
  readonly timestamp: string
}

/** A running consumer: what it has seen, and which partitions it has now. */
export interface Reading {
  readonly seen: Seen[]
  readonly partitions: () => readonly number[]
  readonly until: (condition: () => boolean) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Runs a consumer from the beginning of the topic, in a group of its own unless one is named. */
export async function consumer(
  to: Broker,
  topic: string,
  config: Partial<NonNullable<Parameters<Kafka['consumer']>[0]>> = {},
): Promise<Reading> {
  const client = closing(
    kafka(to).consumer({ groupId: `group-of-${topic}`, heartbeatInterval: 50, maxWaitTimeInMs: 100, ...config }),
    (one) => one.disconnect(),
  )
  const seen: Seen[] = []
  let partitions: readonly number[] = []
  const checks = new Set<() => void>()
  const check = () => {
    for (const one of checks) one()
  }
  client.on(client.events.GROUP_JOIN, ({ payload }) => {
    partitions = payload.memberAssignment[topic] ?? []
    check()
  })
  await client.connect()
  await client.subscribe({ topic, fromBeginning: true })
  await client.run({
    eachMessage: async ({ partition, message }) => {
      const { offset, key, value, headers, timestamp } = message
      seen.push({ partition, offset, key, value, headers: headers ?? {}, timestamp })
      check()
    },
  })
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const one = () => {
        if (!condition()) return
        checks.delete(one)
        resolve()
      }
      checks.add(one)
      one()
    })
  return { seen, partitions: () => partitions, until, stop: () => client.disconnect() }
}
