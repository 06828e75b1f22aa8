/**
 * On-failure destinations, with Lambda's exact messages: to files, to an HTTP endpoint, or to a Kafka topic of the same cluster.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs'
import { batchMessage, type Failure, type MessageSettings, objectMessage, recordMessage } from './message.js'
import { type Place, readDestination } from './place.js'

export type { Failure } from './message.js'
export { readDestination } from './place.js'

/** What takes the records that a mapping gave up. */
export interface Destination {
  /** As the mapping has it. */
  readonly name: string
  /** Resolves once all of it is acknowledged; a repeated delivery may bring a message twice. */
  deliver(failure: Failure): Promise<void>
  close(): Promise<void>
}

export interface DestinationSettings extends MessageSettings {
  readonly kafka: Kafka
  /** Folder of the files. */
  readonly dir: string
  /** An `http(s)` endpoint in place of the files. */
  readonly url: string | undefined
  readonly s3Key: 'by-mapping' | 'by-partition'
}

/** The destination of a mapping; undefined where it has none. */
export function openDestination(settings: DestinationSettings): Destination | undefined {
  const place = readDestination(settings.config.onFailureDestination ?? '')
  if (!place) return undefined
  if (place.kind === 'kafka') return kafkaDestination(place, settings)
  return {
    name: place.destination,
    deliver: (failure) =>
      settings.url === undefined ? toFile(place, failure, settings) : toUrl(place, failure, settings),
    close: async () => undefined,
  }
}

async function toFile(place: Place, failure: Failure, settings: DestinationSettings): Promise<void> {
  if (place.kind === 's3') {
    const file = join(settings.dir, place.name, objectKey(failure, settings))
    await mkdir(dirname(file), { recursive: true })
    return writeFile(file, JSON.stringify(objectMessage(failure, settings)))
  }
  await mkdir(settings.dir, { recursive: true })
  return appendFile(join(settings.dir, `${place.name}.jsonl`), `${JSON.stringify(batchMessage(failure, settings))}\n`)
}

/** How long an endpoint may take to answer, in milliseconds. */
const answerLimitMs = 10_000

async function toUrl(place: Place, failure: Failure, settings: DestinationSettings): Promise<void> {
  const isObject = place.kind === 's3'
  const headers = {
    'content-type': 'application/json',
    'x-millrace-destination': place.destination,
    ...(isObject ? { 'x-millrace-key': objectKey(failure, settings) } : {}),
  }
  const response = await fetch(settings.url ?? '', {
    method: 'POST',
    headers,
    body: JSON.stringify(isObject ? objectMessage(failure, settings) : batchMessage(failure, settings)),
    signal: AbortSignal.timeout(answerLimitMs),
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`${settings.url} answered ${response.status}`)
}

/** UNCONFIRMED for Kafka; after the keys of Kinesis. A batch that is sent again has another. */
function objectKey({ at, event }: Failure, { config, s3Key }: DestinationSettings): string {
  const time = new Date(at).toISOString()
  const partition = s3Key === 'by-partition' ? [Object.keys(event.records)[0] ?? ''] : []
  const day = time.slice(0, 10).split('-')
  return [
    'aws',
    'lambda',
    config.id,
    ...partition,
    ...day,
    `${time.slice(0, 19).replaceAll(':', '.')}-${randomUUID()}`,
  ].join('/')
}

/** Bytes of one send: brokers take 1 MB by default. */
const sendBytes = 500_000

/** One message per record, keyed as the record is. The producer connects when there is something to send. */
function kafkaDestination(place: Place, settings: DestinationSettings): Destination {
  let producer: Producer | undefined
  return {
    name: place.destination,
    deliver: async (failure) => {
      if (!producer) {
        // A local topic may be missing where a deployed one is made beforehand.
        const connecting = settings.kafka.producer({
          allowAutoTopicCreation: true,
          createPartitioner: Partitioners.DefaultPartitioner,
        })
        await connecting.connect()
        producer = connecting
      }
      for (const messages of sendsOf(failure, settings)) await producer.send({ topic: place.name, acks: -1, messages })
    },
    close: async () => {
      await producer?.disconnect()
    },
  }
}

function* sendsOf(failure: Failure, settings: DestinationSettings): Generator<Message[]> {
  let messages: Message[] = []
  let bytes = 0
  for (const [partition, records] of Object.entries(failure.event.records)) {
    for (const record of records) {
      const value = JSON.stringify(recordMessage(failure, record, partition, settings))
      if (bytes + value.length > sendBytes && messages.length > 0) {
        yield messages
        messages = []
        bytes = 0
      }
      messages.push({ key: typeof record.key === 'string' ? Buffer.from(record.key, 'base64') : null, value })
      bytes += value.length
    }
  }
  yield messages
}
