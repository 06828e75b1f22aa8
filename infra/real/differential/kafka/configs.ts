import Encoder from 'kafkajs/src/protocol/encoder.js'
import { attempt, type Case } from '../case.js'
import { framed, key, told } from './frames.js'
import type { KafkaSide } from './side.js'

const topicType = 2
const brokerType = 4

/** What clients ask for by name. */
const asked = [
  'cleanup.policy',
  'compression.type',
  'max.message.bytes',
  'message.timestamp.type',
  'min.insync.replicas',
  'retention.bytes',
  'retention.ms',
]

interface Described {
  readonly resources?: readonly { readonly configEntries?: { configName: string }[] }[]
}

/** Of the entries, which come in no order, those that clients ask for. */
function sorted(answer: unknown): unknown {
  for (const { configEntries = [] } of (answer as Described).resources ?? []) {
    const wanted = configEntries.filter(({ configName }) => asked.includes(configName))
    configEntries.splice(0, configEntries.length, ...wanted.sort((a, b) => (a.configName < b.configName ? -1 : 1)))
  }
  return answer
}

async function createdWith({ name: topic, admin, wire }: KafkaSide, name: string, value: string): Promise<unknown> {
  const configEntries = [{ name, value }]
  const created = await attempt(() => admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] }))
  const { ask } = await wire()
  const resources = [{ type: topicType, name: topic, configNames: [name] }]
  return { created, described: await ask('DescribeConfigs', 2, { resources, includeSynonyms: false }) }
}

/** IncrementalAlterConfigs, which kafkajs does not have: the code it is answered with. */
async function changed({ wire }: KafkaSide, topic: string, operation: number, value: string | null) {
  const change = new Encoder().writeString('retention.ms').writeInt8(operation).writeString(value)
  const resource = new Encoder().writeInt8(topicType).writeString(topic).writeArray([change])
  const body = new Encoder().writeArray([resource]).writeInt8(0)
  const answer = await told(await wire(), framed(key.incrementalAlterConfigs, 0, body))
  // Behind the correlation id, the throttle time and the number of resources.
  return /^[0-9a-f]+$/.test(answer) ? Buffer.from(answer, 'hex').readInt16BE(12) : answer
}

/** Describing configurations. */
export const configCases: readonly Case<KafkaSide>[] = [
  {
    id: 'configs: those of a topic by name',
    async run({ topic, wire }) {
      const name = await topic()
      const resources = [{ type: topicType, name, configNames: asked }]
      const answers: Record<string, unknown> = {}
      // On a connection each: one that is asked in an old version may be closed.
      for (const version of [0, 1, 2]) {
        const { ask } = await wire()
        answers[`v${version}`] = sorted(await ask('DescribeConfigs', version, { resources, includeSynonyms: false }))
      }
      return answers
    },
  },
  {
    id: 'configs: what a topic was created with',
    run: (side) => createdWith(side, 'retention.ms', '3600000'),
  },
  {
    id: 'configs: compaction',
    run: (side) => createdWith(side, 'cleanup.policy', 'compact'),
  },
  {
    id: 'configs: unknown topics, names and kinds',
    async run({ topic, name, wire }) {
      const known = await topic()
      const { ask } = await wire()
      const describe = (type: number, name: string, configNames: readonly string[] | null) =>
        ask('DescribeConfigs', 2, { resources: [{ type, name, configNames }], includeSynonyms: false })
      return {
        unknownTopic: await describe(topicType, `${name}-absent`, ['retention.ms']),
        unknownName: await describe(topicType, known, ['no.such.config']),
        unknownBroker: await describe(brokerType, '99', ['num.partitions']),
        noNumber: await describe(brokerType, 'first', ['num.partitions']),
        none: sorted(await describe(topicType, known, [])),
      }
    },
  },
  {
    id: 'configs: changes one by one',
    async run(side) {
      const topic = await side.topic()
      return {
        set: await changed(side, topic, 0, '3600000'),
        wrong: await changed(side, topic, 0, 'soon'),
        nothing: await changed(side, topic, 0, null),
        added: await changed(side, topic, 2, '1'),
        unknownOperation: await changed(side, topic, 9, '1'),
        negativeOperation: await changed(side, topic, -1, '1'),
        back: await changed(side, topic, 1, null),
        absent: await changed(side, `${topic}-absent`, 0, '1'),
      }
    },
  },
  {
    id: 'configs: those of a topic by kafkajs',
    async run({ topic, admin }) {
      const name = await topic()
      const resources = [{ type: topicType, name, configNames: asked.slice(0, 3) }]
      return attempt(async () => sorted(await admin.describeConfigs({ includeSynonyms: false, resources })))
    },
  },
]
