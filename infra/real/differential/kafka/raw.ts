import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { Case } from '../case.js'
import { framed, key, told, withLength } from './frames.js'
import type { KafkaSide } from './side.js'

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
]
