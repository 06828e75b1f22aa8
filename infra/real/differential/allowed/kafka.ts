import type { Allowance } from '../compare.js'

const protocol = 'Kafka protocol guide, "Protocol Error Codes"'

/** Where the embedded broker may differ from Apache Kafka 4.3.1. */
export const kafkaAllowances: readonly Allowance[] = [
  {
    id: 'kafka-wording',
    case: '*',
    path: '**.errorMessage',
    reason: 'a sentence for people, that may be null; clients decide by the code beside it, which is compared',
    source: protocol,
  },
  {
    id: 'kafka-old-create',
    case: 'topics: every version of CreateTopics',
    path: '*',
    when: (_, real) => real === 'closed',
    reason:
      'Kafka 4 hangs up on versions that it has dropped; the embedded broker still serves them, and clients that ask for what is served never notice',
    source: 'KIP-896',
  },
  {
    id: 'kafka-old-delete',
    case: 'topics: deleting them',
    path: 'v0',
    when: (_, real) => real === 'closed',
    reason: 'as of kafka-old-create',
    source: 'KIP-896',
  },
  {
    id: 'kafka-old-describe',
    case: 'configs: those of a topic by name',
    path: 'v0',
    when: (_, real) => real === 'closed',
    reason: 'as of kafka-old-create',
    source: 'KIP-896',
  },
  {
    id: 'kafka-null-records',
    case: 'raw: null in place of the records',
    path: '',
    when: (_, real) => real === 'nothing',
    reason: 'no client sends it; Kafka fails inside and never answers, the embedded broker answers INVALID_RECORD',
    source: 'Apache Kafka 4.3.1, observed; ProduceRequest.json has nullable records',
  },
  {
    id: 'kafka-compaction',
    case: 'configs: compaction',
    path: '**',
    reason: 'the embedded broker compacts nothing, and refuses cleanup.policy=compact rather than pretend',
    source: 'lib/local/broker, limits',
  },
  {
    id: 'kafka-compacted-topic',
    case: 'produce: a tombstone without a key on a compacted topic',
    path: '',
    reason: 'as of kafka-compaction',
    source: 'lib/local/broker, limits',
  },
]
