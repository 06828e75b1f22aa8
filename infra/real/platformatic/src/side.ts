import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'

type Text = string
type TextConsumer = Consumer<Text, Text, Text, Text>
type TextProducer = Producer<Text, Text, Text, Text>

/** One record as a consumer has it. */
export type Seen = readonly [
  partition: number,
  offset: string,
  key: unknown,
  value: unknown,
  headers: unknown,
  timestamp: string,
]

/** A broker as a case meets it; what it opens is closed after it. */
export interface Side {
  readonly admin: Admin
  /** For topics, groups and the like: the same on both sides, and no other case's. */
  readonly name: string
  topic(partitions?: number): Promise<string>
  producer(options?: { readonly transactionalId?: string; readonly idempotent?: boolean }): TextProducer
  consumer(groupId?: string): TextConsumer
  /** So many records of a topic from its beginning, sorted by their places. */
  read(topic: string, count: number, options?: { readonly isolationLevel?: number }): Promise<readonly Seen[]>
}

/** Runs a case's work on a side of its own. */
export async function onSide(address: string, id: string, work: (side: Side) => Promise<unknown>): Promise<unknown> {
  const open: (() => Promise<void>)[] = []
  const closing = <T extends { close(): Promise<void> }>(thing: T): T => {
    // Consumers leave their groups whatever they still do.
    open.push(() => (thing instanceof Consumer ? thing.close(true) : thing.close()))
    return thing
  }
  const base = { clientId: 'platformatic', bootstrapBrokers: [address], retries: 2, retryDelay: 100, timeout: 10_000 }
  const admin = closing(new Admin(base))
  const name = id.replaceAll(/[^a-z0-9]+/gi, '-')
  let readers = 0
  const side: Side = {
    admin,
    name,
    async topic(partitions = 1) {
      await admin.createTopics({ topics: [name], partitions, replicas: 1 })
      return name
    },
    producer: (options = {}) => closing(new Producer({ ...base, serializers: stringSerializers, ...options })),
    consumer: (groupId = name) =>
      closing(new Consumer({ ...base, groupId, deserializers: stringDeserializers, autocommit: false })),
    async read(topic, count, options = {}) {
      const stream = await side
        .consumer(`${name}-reader-${++readers}`)
        .consume({ topics: [topic], mode: 'earliest', maxWaitTime: 200, ...options })
      const seen: Seen[] = []
      for await (const { partition, offset, key, value, headers, timestamp } of stream) {
        seen.push([partition, String(offset), key ?? null, value ?? null, [...headers], String(timestamp)])
        if (seen.length === count) break
      }
      await stream.close()
      return seen.sort(([a, b], [c, d]) => a - c || Number(b) - Number(d))
    },
  }
  try {
    return await work(side)
  } finally {
    // A case closes some itself.
    for (const close of open.reverse()) await close().catch(() => undefined)
  }
}
