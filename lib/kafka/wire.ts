/** A request as a connection of kafkajs takes it, and what reads its answer. */
export interface Call<Answer> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
  }
  readonly response: {
    decode(body: Buffer): Promise<Answer>
    parse(answer: Answer): Promise<Answer>
  }
}

/** A broker, and the partitions of topics. */
export interface MetadataAnswer {
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[]
  readonly topics: readonly {
    readonly code: number
    readonly name: string
    /** The id of each partition's leader, by the partition's number; undefined where it has none. */
    readonly leaders: readonly (number | undefined)[]
  }[]
}

/** The batch of one partition. */
export interface Part {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

/** What a broker says of the batch of one partition. */
export interface PartAnswer {
  readonly topic: string
  readonly partition: number
  readonly code: number
  readonly offset: number
  /** Epoch milliseconds; -1 where records keep their own times. */
  readonly appendTime: number
}

/** Metadata, version 5. */
export function metadataCall(topics: readonly string[], createTopics: boolean): Call<MetadataAnswer> {
  return call(
    3,
    5,
    'Metadata',
    [int32(topics.length), ...topics.map(string), Buffer.from([createTopics ? 1 : 0])],
    (body) => {
      body.int32() // throttle time
      const brokers = body.array(() => {
        const broker = { id: body.int32(), host: body.string(), port: body.int32() }
        body.string() // rack
        return broker
      })
      body.string() // cluster id
      body.int32() // controller
      return { brokers, topics: body.array(() => readTopic(body)) }
    },
  )
}

function readTopic(body: Body): MetadataAnswer['topics'][number] {
  const [code, name] = [body.int16(), body.string()]
  body.skip(1) // internal
  const leaders: (number | undefined)[] = []
  body.array(() => {
    body.int16()
    const [partition, leader] = [body.int32(), body.int32()]
    for (let lists = 0; lists < 3; lists++) body.array(() => body.int32())
    leaders[partition] = leader < 0 ? undefined : leader
  })
  return { code, name, leaders: Array.from(leaders) }
}

/** Produce, version 7 (Kafka 2.1), acknowledged by every replica within `timeoutMs`. */
export function produceCall(parts: readonly Part[], timeoutMs: number): Call<PartAnswer[]> {
  const byTopic = new Map<string, Part[]>()
  for (const part of parts) byTopic.set(part.topic, [...(byTopic.get(part.topic) ?? []), part])
  const fields = [int16(-1), int16(-1), int32(timeoutMs), int32(byTopic.size)]
  for (const [topic, partitions] of byTopic) {
    fields.push(string(topic), int32(partitions.length))
    for (const { partition, bytes } of partitions) fields.push(int32(partition), int32(bytes.length), bytes)
  }
  return call(0, 7, 'Produce', fields, (body) =>
    body
      .array(() => {
        const topic = body.string()
        return body.array(() => {
          const [partition, code, offset, appendTime] = [body.int32(), body.int16(), body.int64(), body.int64()]
          body.skip(8) // start of the log
          return { topic, partition, code, offset, appendTime }
        })
      })
      .flat(),
  )
}

function call<Answer>(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  fields: readonly Buffer[],
  read: (body: Body) => Answer,
): Call<Answer> {
  return {
    request: {
      ...{ apiKey, apiVersion, apiName },
      async encode() {
        const bytes = Buffer.concat(fields)
        return { buf: bytes, buffer: bytes }
      },
    },
    response: { decode: async (body) => read(new Body(body)), parse: async (answer) => answer },
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([int16(bytes.length), bytes])
}

/** Reads the body of an answer; throws a RangeError where it is shorter than it says. */
class Body {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(bytes: number): number {
    this.#at += bytes
    return this.#at - bytes
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.skip(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.skip(4))
  }

  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.skip(8)))
  }

  /** Empty for null. */
  string(): string {
    const length = Math.max(0, this.int16())
    const start = this.skip(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  array<T>(read: () => T): T[] {
    const items: T[] = []
    for (let left = this.int32(); left > 0; left--) items.push(read())
    return items
  }
}
