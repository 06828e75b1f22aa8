import { attempt, type Case } from '../case.js'
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

/** Entries come in no order. */
function sorted(answer: unknown): unknown {
  for (const { configEntries } of (answer as Described).resources ?? []) {
    configEntries?.sort((a, b) => (a.configName < b.configName ? -1 : 1))
  }
  return answer
}

/** Describing configurations. */
export const configCases: readonly Case<KafkaSide>[] = [
  {
    id: 'configs: those of a topic by name',
    async run({ topic, wire }) {
      const name = await topic()
      const { ask } = await wire()
      const resources = [{ type: topicType, name, configNames: asked }]
      return [
        sorted(await ask('DescribeConfigs', 0, { resources })),
        sorted(await ask('DescribeConfigs', 1, { resources, includeSynonyms: false })),
        sorted(await ask('DescribeConfigs', 2, { resources, includeSynonyms: false })),
      ]
    },
  },
  {
    id: 'configs: what a topic was created with',
    async run({ name, admin, wire }) {
      const configEntries = [
        { name: 'retention.ms', value: '3600000' },
        { name: 'cleanup.policy', value: 'compact' },
      ]
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1, configEntries }], waitForLeaders: true })
      const { ask } = await wire()
      const resources = [{ type: topicType, name, configNames: asked }]
      return sorted(await ask('DescribeConfigs', 2, { resources, includeSynonyms: false }))
    },
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
        none: await describe(topicType, known, []),
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
