import { setTimeout as delay } from 'node:timers/promises'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import encodeRequest from 'kafkajs/src/protocol/request.js'
import protocol from 'kafkajs/src/protocol/requests/index.js'
import type { Case } from '../case.js'
import { batchOf, contents, record } from './produce.js'
import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

const key = { produce: 0, metadata: 3, apiVersions: 18, offsetDelete: 47 } as const

/** A frame: its length, the header of the first generation, and a body. */
function framed(apiKey: number, version: number, body: Encoder = new Encoder(), correlation = 7): Buffer {
  const header = new Encoder().writeInt16(apiKey).writeInt16(version).writeInt32(correlation).writeString('raw')
  const payload = Buffer.concat([header.buffer, body.buffer])
  return withLength(payload)
}

function withLength(payload: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(payload.length)
  return Buffer.concat([length, payload])
}

/** Beyond any answer, in milliseconds. */
const patienceMs = 3_000

/** Sends a frame, and answers the bytes that came, or that the broker hung up, or that nothing came at all. */
async function told(wire: Wire, bytes: Buffer): Promise<string> {
  wire.write(bytes)
  const answer = await Promise.race([wire.frame(), delay(patienceMs, 'nothing', { ref: false })])
  if (answer === 'nothing') return answer
  return answer === undefined ? 'closed' : answer.toString('hex')
}

/** The bytes that kafkajs would send. */
async function encoded(api: string, version: number, payload: unknown): Promise<Buffer> {
  const codec = protocol.requests[api]?.protocol({ version })?.(payload)
  if (codec === undefined) throw new Error(`kafkajs has no ${api} of version ${version}`)
  return (await encodeRequest({ correlationId: 7, clientId: 'raw', request: codec.request })).buffer
}

/** The Produce of one record, changed byte by byte, and what stands in the topic then. */
async function doctored(side: KafkaSide, change: (request: Buffer) => Buffer): Promise<unknown> {
  const topic = await side.topic()
  const request = await encoded('Produce', 7, {
    acks: -1,
    timeout: 5_000,
    topicData: batchOf(topic, [record('doctored')]),
  })
  const answer = await told(await side.wire(), change(request))
  return { answer, contents: await contents(await side.wire(), topic) }
}

/** The record batch is what a Produce ends with; fields of it by their place, counted from its beginning. */
const batchAt = (request: Buffer) => request.length - (61 + recordBytes)
/** Of the one record that says `doctored`. */
const recordBytes = 15

const setByte = (at: number, value: number) => (request: Buffer) => {
  const changed = Buffer.from(request)
  changed[batchAt(request) + at] = value
  return changed
}

/** Requests that no client sends. */
export const rawCases: readonly Case<KafkaSide>[] = [
  {
    id: 'raw: ApiVersions of a version yet unknown names those that are known',
    async run({ wire }) {
      const answer = await told(await wire(), framed(key.apiVersions, 77, new Encoder().writeInt8(0)))
      const bytes = Buffer.from(answer, 'hex')
      const keys = []
      // Key, lowest and highest version, behind the correlation id, the error code and their number.
      for (let at = 10; at + 6 <= bytes.length; at += 6) keys.push(bytes.readInt16BE(at))
      return { correlation: bytes.readInt32BE(0), error: bytes.readInt16BE(4), hasOwn: keys.includes(key.apiVersions) }
    },
  },
  {
    id: 'raw: ApiVersions by each version of kafkajs',
    async run({ wire }) {
      const { ask } = await wire()
      const answers = []
      for (const version of [0, 1, 2]) {
        const { errorCode, apiVersions } = (await ask('ApiVersions', version)) as {
          errorCode: number
          apiVersions: { apiKey: number }[]
        }
        answers.push({ errorCode, own: apiVersions.filter(({ apiKey }) => apiKey === key.apiVersions).length })
      }
      return answers
    },
  },
  { id: 'raw: an API that nobody knows', run: async ({ wire }) => told(await wire(), framed(9_999, 0)) },
  { id: 'raw: an API of a negative number', run: async ({ wire }) => told(await wire(), framed(-1, 0)) },
  { id: 'raw: a version beyond those served', run: async ({ wire }) => told(await wire(), framed(key.metadata, 99)) },
  { id: 'raw: a version below zero', run: async ({ wire }) => told(await wire(), framed(key.metadata, -1)) },
  { id: 'raw: a Produce of versions before 3', run: async ({ wire }) => told(await wire(), framed(key.produce, 0)) },
  { id: 'raw: a frame of no bytes', run: async ({ wire }) => told(await wire(), Buffer.alloc(4)) },
  {
    id: 'raw: a frame of negative length',
    run: async ({ wire }) => told(await wire(), Buffer.from([255, 255, 255, 255])),
  },
  {
    id: 'raw: a frame of two gigabytes',
    run: async ({ wire }) => told(await wire(), Buffer.from([127, 255, 255, 255, 0, 0])),
  },
  { id: 'raw: a header cut short', run: async ({ wire }) => told(await wire(), withLength(Buffer.from([0, 3, 0]))) },
  {
    id: 'raw: a body cut short',
    run: async ({ wire }) => told(await wire(), framed(key.metadata, 1, new Encoder().writeInt32(5))),
  },
  {
    id: 'raw: a neighbour’s nonsense harms nobody',
    async run({ topic, wire }) {
      const name = await topic()
      const [good, bad] = [await wire(), await wire()]
      const ended = await told(bad, framed(key.metadata, 99))
      return { ended, served: await good.ask('Metadata', 6, { topics: [name], allowAutoTopicCreation: false }) }
    },
  },
  {
    id: 'raw: requests one after another in one packet are answered in turn',
    async run({ wire }) {
      const one = await wire()
      const versions = [1, 2, 3].map((correlation) => framed(key.apiVersions, 0, new Encoder(), correlation))
      one.write(Buffer.concat(versions))
      const answers = []
      for (const _ of versions) answers.push((await one.frame())?.readInt32BE(0))
      return answers
    },
  },
  {
    id: 'raw: a request that comes byte by byte',
    async run({ wire }) {
      const one = await wire()
      for (const byte of framed(key.apiVersions, 0)) one.write(Buffer.from([byte]))
      return (await one.frame())?.subarray(0, 6).toString('hex')
    },
  },
  {
    id: 'raw: a record batch with a wrong checksum',
    run: (side) => doctored(side, (request) => setByte(20, (request[batchAt(request) + 20] ?? 0) ^ 255)(request)),
  },
  { id: 'raw: a record batch whose bytes were changed', run: (side) => doctored(side, setByte(70, 33)) },
  { id: 'raw: a record batch of an unknown format', run: (side) => doctored(side, setByte(16, 7)) },
  { id: 'raw: a record batch of the oldest format', run: (side) => doctored(side, setByte(16, 0)) },
  {
    id: 'raw: a record batch cut short',
    run: (side) =>
      doctored(side, (request) => {
        const cut = Buffer.from(request.subarray(0, -4))
        cut.writeInt32BE(cut.length - 4, 0)
        // The length of the records, before the batch.
        cut.writeInt32BE(61 + recordBytes - 4, batchAt(request) - 4)
        return cut
      }),
  },
  {
    id: 'raw: no record batch at all',
    async run(side) {
      const topic = await side.topic()
      const records = new Encoder().writeInt32(0).writeInt32(0)
      const topics = [new Encoder().writeString(topic).writeArray([records])]
      const body = new Encoder().writeString(null).writeInt16(-1).writeInt32(5_000).writeArray(topics)
      return told(await side.wire(), framed(key.produce, 7, body))
    },
  },
  {
    id: 'raw: null in place of the records',
    async run(side) {
      const topic = await side.topic()
      const records = new Encoder().writeInt32(0).writeInt32(-1)
      const topics = [new Encoder().writeString(topic).writeArray([records])]
      const body = new Encoder().writeString(null).writeInt16(-1).writeInt32(5_000).writeArray(topics)
      return told(await side.wire(), framed(key.produce, 7, body))
    },
  },
  {
    id: 'raw: offsets of a group are deleted',
    async run(side) {
      const topic = await side.topic(2)
      const { admin, name: groupId } = side
      const client = await side.wire()
      await admin.setOffsets({
        groupId,
        topic,
        partitions: [
          { partition: 0, offset: '4' },
          { partition: 1, offset: '5' },
        ],
      })
      const remove = (group: string, partition: number, of = topic) => {
        const topics = [new Encoder().writeString(of).writeArray([new Encoder().writeInt32(partition)])]
        return told(client, framed(key.offsetDelete, 0, new Encoder().writeString(group).writeArray(topics)))
      }
      return {
        one: await remove(groupId, 0),
        left: await admin.fetchOffsets({ groupId, topics: [topic] }),
        absentPartition: await remove(groupId, 9),
        absentTopic: await remove(groupId, 0, `${topic}-absent`),
        absentGroup: await remove(`${groupId}-absent`, 0),
      }
    },
  },
  {
    id: 'raw: offsets of a group that reads the topic are not deleted',
    async run(side) {
      const topic = await side.topic()
      const consumer = side.closing(side.kafka.consumer({ groupId: side.name }), (one) => one.disconnect())
      await consumer.connect()
      await consumer.subscribe({ topic })
      const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
      await consumer.run({ eachMessage: async () => undefined })
      await joined
      const topics = [new Encoder().writeString(topic).writeArray([new Encoder().writeInt32(0)])]
      return told(
        await side.wire(),
        framed(key.offsetDelete, 0, new Encoder().writeString(side.name).writeArray(topics)),
      )
    },
  },
]
