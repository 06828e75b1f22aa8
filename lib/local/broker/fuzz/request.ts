import { crc32c } from '../../../crc32c.js'
import { apis } from '../api/table.js'
import { batchBytes } from '../log/batch-bytes.js'
import { MalformedRequest, Reader } from '../wire/reader.js'
import { Writer } from '../wire/writer.js'
import { canaryTopic, partitionWithoutRecords } from './canary.js'
import type { Draw } from './draw.js'

/** A request as a client could send it. */
export interface Request {
  readonly key: number
  readonly version: number
  /** without the length that leads it */
  readonly frame: Buffer
}

/** Names of topics, groups, transactions, members and settings alike: what is made by one request is met by another. */
const names = [
  'f0',
  'f0',
  'f1',
  'f1',
  'f2',
  'f3',
  '',
  '1',
  'retention.bytes',
  'cleanup.policy',
  '100',
  'delete',
  'consumer',
]

/** Times are among them: a third of a second at the most. */
const numbers = [-1, 0, 0, 1, 2, 3, 20, 100, 300]

/** What requests are made of, beside chance. */
export interface Material {
  /** names that the broker has given out */
  readonly learned: readonly string[]
  /** whether times and numbers may be so long and large that nobody should wait for the answer */
  readonly extreme: boolean
}

/** A request of any API in any version that the broker serves. */
export function validRequest(draw: Draw, correlation: number, material: Material): Request {
  const api = draw.pick([...apis.values()])
  const version = api.minVersion + draw.below(api.maxVersion - api.minVersion + 1)
  const header = new Writer().int16(api.key).int16(version).int32(correlation).string('fuzz')
  const flexible = version >= api.flexibleFrom
  for (;;) {
    const body = new Writer(flexible).tags()
    try {
      api.decode(new RequestWriter(draw, body, flexible, material), version)
    } catch (error) {
      if (error instanceof MalformedRequest) continue // what it drew does not go together
      throw error
    }
    const frame = Buffer.concat([header, body].map((writer) => Buffer.concat(writer.frame()).subarray(4)))
    return { key: api.key, version, frame }
  }
}

const fetchKey = 1
const fetchVersion = 4
const tenMinutesMs = 600_000

/** A Fetch that waits, for ten minutes, for more than there will be: chance alone seldom makes one. */
export function longPoll(draw: Draw, correlation: number): Request {
  const writer = new Writer().int16(fetchKey).int16(fetchVersion).int32(correlation).string('fuzz')
  writer.int32(-1).int32(tenMinutesMs).int32(1).int32(1000).int8(draw.below(2))
  writer.array([canaryTopic], (topic) => {
    writer.string(topic).array([partitionWithoutRecords], (one) => writer.int32(one).int64(0).int32(1000))
  })
  return { key: fetchKey, version: fetchVersion, frame: Buffer.concat(writer.frame()).subarray(4) }
}

/**
 * A reader that reads what it draws, and writes it down: the decoders of the APIs make their own requests of it, so that
 * every field of every version comes up.
 */
class RequestWriter extends Reader {
  readonly #draw: Draw
  readonly #writer: Writer
  readonly #names: readonly string[]
  readonly #numbers: readonly number[]
  readonly #flexible: boolean

  constructor(draw: Draw, writer: Writer, flexible: boolean, { learned, extreme }: Material) {
    super(Buffer.alloc(0), flexible)
    this.#draw = draw
    this.#writer = writer
    this.#flexible = flexible
    this.#names = [...names, ...learned]
    this.#numbers = extreme ? [...numbers, 600_000, 2 ** 31 - 1] : numbers
  }

  override as(flexible: boolean): Reader {
    if (flexible !== this.#flexible) throw new Error('a body has one form')
    return this
  }

  override int8(): number {
    return this.#note(this.#draw.pick([0, 1, 1, 2, 3, 4, -1]), (value) => this.#writer.int8(value))
  }

  override int16(): number {
    return this.#note(this.#draw.pick([0, 1, -1, -1, 2, 30]), (value) => this.#writer.int16(value))
  }

  override int32(): number {
    return this.#note(this.#draw.pick(this.#numbers), (value) => this.#writer.int32(value))
  }

  override int64(): bigint {
    return this.#note(this.#draw.pick([-1n, -2n, 0n, 1n, 2n, 3n, 7n, 20n, 1_700_000_000_000n]), (value) =>
      this.#writer.int64(value),
    )
  }

  override boolean(): boolean {
    return this.#note(this.#draw.oneIn(2), (value) => this.#writer.boolean(value))
  }

  override uuid(): string {
    const drawn = this.#draw.oneIn(3) ? this.#draw.bytes(16) : Buffer.alloc(16)
    return this.#note(drawn.toString('hex'), (value) => this.#writer.uuid(value))
  }

  override nullableString(): string | null {
    if (!this.#draw.oneIn(4)) return this.string()
    return this.#note(null, (value) => this.#writer.string(value))
  }

  override string(): string {
    return this.#note(this.#draw.pick(this.#names), (value) => this.#writer.string(value))
  }

  override nullableBytes(): Buffer | null {
    return this.bytes()
  }

  override bytes(): Buffer {
    return this.#note(this.#bytes(), (value) => this.#writer.bytes(value))
  }

  override nullableArray<T>(item: (reader: Reader) => T): T[] | null {
    if (!this.#draw.oneIn(8)) return this.array(item)
    this.#writer.array(null, () => undefined)
    return null
  }

  override array<T>(item: (reader: Reader) => T): T[] {
    const read: T[] = []
    this.#writer.array(Array.from({ length: this.#draw.pick([0, 1, 1, 1, 2, 3]) }), () => read.push(item(this)))
    return read
  }

  override tags(): void {
    this.#writer.tags()
  }

  #bytes(): Buffer {
    const draw = this.#draw
    if (draw.oneIn(6)) return draw.bytes(draw.below(40))
    const producerId = BigInt(draw.pick([-1, -1, 0, 1, 2]))
    const fields = { count: 1 + draw.below(3), payload: draw.bytes(draw.below(60)), maxTimestamp: 1_700_000_000_000n }
    if (draw.oneIn(5)) return oddBatch(draw, batchBytes({ ...fields, producerId }))
    if (producerId < 0n) return batchBytes({ ...fields, attributes: draw.below(5) })
    return batchBytes({ ...fields, producerId, epoch: 0, sequence: draw.below(4), attributes: draw.pick([0, 0x10]) })
  }

  #note<T>(value: T, write: (value: T) => void): T {
    write(value)
    return value
  }
}

/** A batch whose header says what it should not, under a checksum that is right. */
function oddBatch(draw: Draw, bytes: Buffer): Buffer {
  bytes.writeInt32BE(draw.pick([-1, 0, 1, 7, 0x1000, 2 ** 31 - 1, -(2 ** 31)]), 21 + draw.below(37))
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}
