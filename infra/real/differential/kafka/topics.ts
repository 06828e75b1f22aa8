import { attempt, type Case, until } from '../case.js'
import { inOrder } from './requests.js'
import type { KafkaSide } from './side.js'

const of = (topic: string, more = {}) => ({ topic, numPartitions: 1, replicationFactor: 1, ...more })

/** Creating, describing, growing and deleting topics. */
export const topicCases: readonly Case<KafkaSide>[] = [
  {
    id: 'topics: one is created, described and listed',
    async run({ admin, topic, wire }) {
      const name = await topic(3)
      const { ask } = await wire()
      const metadata = []
      for (const version of [0, 1, 4, 6]) metadata.push(await ask('Metadata', version, { topics: [name] }))
      return {
        metadata,
        kafkajs: await admin.fetchTopicMetadata({ topics: [name] }),
        listed: (await admin.listTopics()).filter((one) => one === name),
      }
    },
  },
  {
    id: 'topics: every version of CreateTopics',
    async run({ name, wire }) {
      const answers: Record<string, unknown> = {}
      // On a connection each: one that is asked in an old version may be closed.
      for (const version of [0, 1, 2, 3]) {
        const { ask } = await wire()
        answers[`v${version}`] = await ask('CreateTopics', version, { topics: [of(`${name}${version}`)] })
      }
      return answers
    },
  },
  {
    id: 'topics: what cannot be created',
    async run({ topic, name, wire }) {
      const known = await topic()
      const { ask } = await wire()
      const requests: Readonly<Record<string, object>> = {
        exists: of(known),
        empty: of(''),
        dot: of('.'),
        dots: of('..'),
        slash: of('a/b'),
        space: of('a b'),
        long: of('x'.repeat(250)),
        longest: of('x'.repeat(249)),
        noPartitions: of(`${name}-0`, { numPartitions: 0 }),
        negative: of(`${name}-2`, { numPartitions: -2 }),
        noReplicas: of(`${name}-r0`, { replicationFactor: 0 }),
        replicas: of(`${name}-r3`, { replicationFactor: 3 }),
        config: of(`${name}-c`, { configEntries: [{ name: 'no.such.config', value: '1' }] }),
        configValue: of(`${name}-v`, { configEntries: [{ name: 'retention.ms', value: 'soon' }] }),
        assignment: of(`${name}-a`, {
          numPartitions: -1,
          replicationFactor: -1,
          replicaAssignment: [{ partition: 0, replicas: [77] }],
        }),
        assignmentAndCount: of(`${name}-b`, { replicaAssignment: [{ partition: 0, replicas: [1] }] }),
      }
      const answers: Record<string, unknown> = {}
      for (const [key, topic] of Object.entries(requests))
        answers[key] = await ask('CreateTopics', 3, { topics: [topic] })
      return answers
    },
  },
  {
    id: 'topics: the same name twice in one request',
    run: async ({ name, wire }) => (await wire()).ask('CreateTopics', 3, { topics: [of(name), of(name)] }),
  },
  {
    id: 'topics: validateOnly creates nothing',
    async run({ name, wire, admin }) {
      const { ask } = await wire()
      const answer = await ask('CreateTopics', 3, { topics: [of(name)], validateOnly: true })
      return { answer, listed: (await admin.listTopics()).includes(name) }
    },
  },
  {
    id: 'topics: the cluster’s own number of partitions',
    async run({ name, wire, admin }) {
      const { ask } = await wire()
      const created = of(name, { numPartitions: -1, replicationFactor: -1 })
      const answer = await ask('CreateTopics', 3, { topics: [created] })
      return { answer, refused: await attempt(() => admin.fetchTopicMetadata({ topics: [`${name}-absent`] })) }
    },
  },
  {
    id: 'topics: growing them',
    async run({ topic, name, wire, admin }) {
      const known = await topic(2)
      const { ask } = await wire()
      const grow = (topic: string, count: number, assignments: readonly number[][] = []) =>
        ask('CreatePartitions', 1, { topicPartitions: [{ topic, count, assignments }] })
      return {
        fewer: await grow(known, 1),
        same: await grow(known, 2),
        none: await grow(known, 0),
        more: await grow(known, 5),
        absent: await grow(`${name}-absent`, 5),
        // A partition has its leader a moment after it is there.
        ends: inOrder(await until(() => admin.fetchTopicOffsets(known))),
      }
    },
  },
  {
    id: 'topics: growing one by one that exists with kafkajs',
    run: async ({ topic, admin }) => {
      const name = await topic()
      return {
        ok: await attempt(() => admin.createPartitions({ topicPartitions: [{ topic: name, count: 2 }] })),
        fewer: await attempt(() => admin.createPartitions({ topicPartitions: [{ topic: name, count: 1 }] })),
      }
    },
  },
  {
    id: 'topics: deleting them',
    async run({ topic, name, wire }) {
      const known = await topic()
      const { ask } = await wire()
      return {
        both: await ask('DeleteTopics', 1, { topics: [known, `${name}-absent`] }),
        again: await ask('DeleteTopics', 1, { topics: [known] }),
        none: await ask('DeleteTopics', 1, { topics: [] }),
        v0: await ask('DeleteTopics', 0, { topics: [known] }),
      }
    },
  },
  {
    id: 'topics: one that is recreated starts anew',
    async run({ topic, admin, kafka, closing, wire }) {
      const name = await topic()
      const producer = closing(kafka.producer(), (one) => one.disconnect())
      await producer.connect()
      await producer.send({ topic: name, messages: [{ value: 'a' }, { value: 'b' }] })
      const before = await admin.fetchTopicOffsets(name)
      // Not by kafkajs, which stumbles over a topic that it knows and that is gone.
      const { ask } = await wire()
      const deleted = await ask('DeleteTopics', 1, { topics: [name] })
      const created = await ask('CreateTopics', 3, { topics: [of(name)] })
      return { before, deleted, created, after: await until(() => admin.fetchTopicOffsets(name)) }
    },
  },
  {
    id: 'topics: one that nobody knows',
    async run({ name, wire }) {
      const { ask } = await wire()
      return {
        metadata: await ask('Metadata', 6, { topics: [name], allowAutoTopicCreation: false }),
        invalid: await ask('Metadata', 6, { topics: ['a/b'], allowAutoTopicCreation: false }),
        several: await ask('Metadata', 4, { topics: [name, `${name}2`], allowAutoTopicCreation: false }),
      }
    },
  },
  {
    id: 'topics: one is created by asking for it',
    async run({ name, wire }) {
      const { ask } = await wire()
      const asked = () => ask('Metadata', 6, { topics: [name], allowAutoTopicCreation: true })
      const first = await asked()
      const deadline = Date.now() + 5_000
      let last = first
      while (
        JSON.stringify(last).includes('"topicErrorCode":5') ||
        JSON.stringify(last).includes('"topicErrorCode":3')
      ) {
        if (Date.now() > deadline) break
        last = await asked()
      }
      return last
    },
  },
  {
    id: 'topics: the cluster as it describes itself',
    async run({ admin, wire }) {
      const { ask } = await wire()
      const { brokers } = (await ask('Metadata', 6, { topics: [] })) as { brokers: unknown }
      return { kafkajs: await admin.describeCluster(), brokers }
    },
  },
]
