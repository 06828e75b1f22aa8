import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { Case } from '../case.js'
import { encoded, framed, key, told } from './frames.js'
import { batchOf, contents, record } from './requests.js'
import type { KafkaSide } from './side.js'

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

/** Record batches that no client makes. */
export const rawBatchCases: readonly Case<KafkaSide>[] = [
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
]
