import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import type { Clock } from '../../clock.js'
import { asError, MillraceError } from '../../errors.js'
import type { Header } from '../../event/index.js'
import { type Envelope, type ExactBytes, hashOf, type Provenance } from '../../sink/envelope/index.js'
import { leaseMs } from './chunk.js'

/** How long the records may take to come, in milliseconds: there must be time left to produce them before somebody else may. */
const patienceMs = leaseMs / 2

type Found = Map<Envelope, ExactBytes | Error>

/** Reads records whose bytes were never delivered, or not as such, from where they are: their topic, under their offset. */
export type ReadRecords = (envelopes: readonly Envelope[]) => Promise<Found>

/** Of each its bytes, or why they cannot be had. The group it reads as is new, and commits nothing. @throws MillraceError `ML_KAFKA_UNREACHABLE` */
export const recordReader =
  (kafka: Kafka, clock: Clock): ReadRecords =>
  async (envelopes) => {
    const found: Found = new Map()
    const admin = kafka.admin()
    try {
      await admin.connect()
      for (const topic of new Set(envelopes.map((envelope) => envelope.topic))) {
        const there = await kept(
          admin,
          envelopes.filter((envelope) => envelope.topic === topic),
          found,
        )
        if (there.length > 0) await readTopic(kafka, clock, there, found)
      }
    } catch (cause) {
      const message = `records cannot be read from Kafka: ${asError(cause).message}; look at --brokers and KAFKA_BROKERS`
      throw new MillraceError('ML_KAFKA_UNREACHABLE', message, { cause })
    } finally {
      await admin.disconnect()
    }
    return found
  }

/** Those of a topic that Kafka still has. */
async function kept(admin: Admin, envelopes: readonly Envelope[], found: Found): Promise<Envelope[]> {
  const [topic = ''] = envelopes.map((envelope) => envelope.topic)
  const isThere = (await admin.listTopics()).includes(topic)
  const bounds = isThere ? await admin.fetchTopicOffsets(topic) : []
  return envelopes.filter((envelope) => {
    const of = bounds.find(({ partition }) => partition === envelope.partition)
    const has = of !== undefined && envelope.offset >= Number(of.low) && envelope.offset < Number(of.high)
    if (!has)
      found.set(
        envelope,
        gone(
          envelope,
          of ? `of its partition, Kafka keeps ${of.low} to before ${of.high}` : 'there is no such partition',
        ),
      )
    return has
  })
}

async function readTopic(kafka: Kafka, clock: Clock, envelopes: readonly Envelope[], found: Found): Promise<void> {
  const [topic = ''] = envelopes.map((envelope) => envelope.topic)
  const byPartition = new Map<number, Envelope[]>()
  for (const envelope of [...envelopes].sort((a, b) => a.offset - b.offset))
    byPartition.set(envelope.partition, [...(byPartition.get(envelope.partition) ?? []), envelope])
  const consumer = kafka.consumer({ groupId: `millrace-redrive-${clock.nonce()}`, maxWaitTimeInMs: 100 })
  let end = (): void => undefined
  const all = new Promise<void>((resolve) => {
    end = resolve
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const left = byPartition.get(batch.partition) ?? []
        take(batch, left, found)
        next(consumer, topic, batch.partition, left)
        if ([...byPartition.values()].every(({ length }) => length === 0)) end()
      },
    })
    for (const [partition, left] of byPartition) next(consumer, topic, partition, left)
    await Promise.race([all, clock.sleep(patienceMs)])
  } finally {
    await consumer.disconnect()
  }
  for (const envelope of envelopes) if (!found.has(envelope)) found.set(envelope, late(envelope))
}

/** Goes to the next offset that is wanted, or leaves the partition alone. */
function next(consumer: Consumer, topic: string, partition: number, [first]: readonly Envelope[]): void {
  if (first) consumer.seek({ topic, partition, offset: String(first.offset) })
  else consumer.pause([{ topic, partitions: [partition] }])
}

/** Takes what is wanted out of a batch, and out of what is left. */
function take({ messages }: EachBatchPayload['batch'], left: Envelope[], found: Found): void {
  for (const { offset, timestamp, key, value, headers } of messages) {
    while (left[0] && left[0].offset < Number(offset)) {
      const missing = left.shift()
      if (missing) found.set(missing, gone(missing, 'it was compacted away, or its transaction aborted'))
    }
    if (left[0]?.offset !== Number(offset)) continue
    const envelope = left.shift()
    if (!envelope) return
    const record = { key, value, headers: readHeaders(headers) }
    const isIt = Number(timestamp) === envelope.timestamp
    found.set(
      envelope,
      isIt
        ? { ...record, sha256: hashOf(record) }
        : gone(envelope, 'another record lies there: the topic was made anew'),
    )
  }
}

/** What kafkajs makes of headers when it reads them: those of one name together. */
function readHeaders(headers: Readonly<Record<string, unknown>> | undefined): Header[] {
  return Object.entries(headers ?? {}).flatMap(([key, values]) =>
    [values].flat().map((value) => ({ key, value: value === null ? null : Buffer.from(value as Uint8Array) })),
  )
}

const late = ({ id }: Provenance): MillraceError =>
  new MillraceError(
    'ML_KAFKA_UNREACHABLE',
    `the record ${id} did not come from Kafka in ${patienceMs / 1_000} s, which still has its offset; run it again`,
  )

const gone = ({ id }: Provenance, why: string): MillraceError =>
  new MillraceError(
    'ML_OFFSET_OUT_OF_RANGE',
    `OffsetOutOfRange: the record ${id} cannot be read from Kafka (${why}); where that is the Kafka it came from, its bytes are nowhere, so discard it`,
  )
