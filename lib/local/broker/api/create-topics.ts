import { checkSettings, type Overrides } from '../log/settings.js'
import { maxAllPartitions } from '../log/topics.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'
import { topicConfigs } from './describe-configs.js'
import { stored } from './stored.js'

interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  readonly assignments: readonly { readonly partition: number; readonly brokers: readonly number[] }[]
  readonly settings: Overrides
}

interface Result {
  readonly name: string
  readonly error: Code
  readonly message: string | null
  /** what was created, or would be */
  readonly made: { readonly id: string; readonly partitions: number; readonly overrides: Overrides } | undefined
}

const noId = '0'.repeat(32)

/** CreateTopics: with a number of partitions (-1: the broker's default) or an explicit assignment. */
export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  minVersion: 0,
  maxVersion: 7,
  flexibleFrom: 5,
  decode(reader, version) {
    const topics = reader.array(readTopic)
    reader.int32() // time limit: creation is immediate
    const validateOnly = version >= 1 && reader.boolean()
    reader.tags()
    return { topics, validateOnly }
  },
  handle({ topics, validateOnly }, context): Result[] {
    const twice = repeated(topics.map(({ name }) => name))
    const once = topics.filter(({ name }) => !twice.has(name))
    return [
      ...once.map((topic) => create(topic, validateOnly, context)),
      ...[...twice].map((name) => result({ name }, code.invalidRequest, 'the topic is named twice in one request')),
    ]
  },
  encode(writer, results, version) {
    if (version >= 2) writer.int32(0) // throttle time
    writer.array(results, (one) => writeResult(writer, one, version))
    writer.tags()
  },
})

function repeated(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const isKnown = (name: string) => seen.size === seen.add(name).size
  return new Set(names.filter(isKnown))
}

function readTopic(reader: Reader): NewTopic {
  const topic = {
    name: reader.string(),
    partitions: reader.int32(),
    replicas: reader.int16(),
    assignments: reader.array((item) => {
      const one = { partition: item.int32(), brokers: item.array((broker) => broker.int32()) }
      item.tags()
      return one
    }),
    settings: new Map(
      reader.array((item) => {
        const one = [item.string(), item.nullableString() ?? ''] as const
        item.tags()
        return one
      }),
    ),
  }
  reader.tags()
  return topic
}

function writeResult(writer: Writer, { name, error, message, made }: Result, version: number): void {
  writer.string(name)
  if (version >= 7) writer.uuid(made?.id ?? noId)
  writer.int16(error)
  if (version >= 1) writer.string(message)
  if (version >= 5) {
    writer.int32(made?.partitions ?? -1).int16(made === undefined ? -1 : 1)
    writer.array(made === undefined ? [] : topicConfigs(made.overrides), (config) => {
      writer.string(config.name).string(config.value).boolean(config.readOnly).int8(config.source)
      writer.boolean(false).tags() // sensitive
    })
  }
  writer.tags()
}

function create(topic: NewTopic, validateOnly: boolean, context: Context): Result {
  const { name, assignments } = topic
  const invalid = checkPlacement(topic, context.node.id)
  if (invalid !== undefined) return invalid
  const asked = assignments.length > 0 ? assignments.length : topic.partitions
  const partitions = asked === -1 ? context.defaultPartitions : asked
  const { applied, ignored, refusal } = checkSettings(topic.settings)
  const unfit = context.topics.check(name, partitions)
  if (unfit !== code.none) return result(topic, unfit, messages[unfit] ?? null)
  if (refusal !== undefined) return result(topic, code.invalidConfig, refusal)
  const failed = validateOnly ? code.none : stored(() => context.topics.create(name, partitions, applied), context)
  if (failed !== code.none) return result(topic, failed, 'its files cannot be written')
  if (ignored.length > 0) context.log(`topic ${name}: this broker does not apply ${ignored.join(', ')}`)
  const id = context.topics.get(name)?.id ?? noId
  return { name, error: code.none, message: null, made: { id, partitions, overrides: applied } }
}

/** One broker holds one replica of everything: only that can be asked for. */
function checkPlacement(topic: NewTopic, node: number): Result | undefined {
  const { assignments, partitions, replicas } = topic
  if (assignments.length === 0) {
    if (replicas === 1 || replicas === -1) return undefined
    return result(topic, code.invalidReplicationFactor, 'this broker is alone: the replication factor can only be 1')
  }
  if (partitions !== -1 || replicas !== -1) {
    return result(topic, code.invalidRequest, 'give either a number of partitions and replicas or an assignment')
  }
  const numbered = new Set(assignments.map(({ partition }) => partition))
  const complete = assignments.every(
    ({ brokers }, index) => numbered.has(index) && brokers.length === 1 && brokers[0] === node,
  )
  if (complete) return undefined
  return result(topic, code.invalidReplicaAssignment, `assign partitions 0, 1, 2… to broker ${node}, once each`)
}

export const noRoom = `all topics of this broker together have up to ${maxAllPartitions} partitions`

const messages: Partial<Record<Code, string>> = {
  [code.topicAlreadyExists]: 'a topic of this name exists',
  [code.invalidPartitions]: 'a topic has 1 to 10000 partitions on this broker',
  [code.policyViolation]: noRoom,
  [code.invalidTopic]: 'a topic name has 1 to 249 of the characters a-z A-Z 0-9 . _ -',
}

function result({ name }: Pick<NewTopic, 'name'>, error: Code, message: string | null): Result {
  return { name, error, message, made: undefined }
}
