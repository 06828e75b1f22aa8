import { retentionIntervalMs } from '../log/retention.js'
import { type Overrides, type Setting, settings, settingTypes } from '../log/settings.js'
import { maxTimeoutMs } from '../txn/index.js'
import { type Code, code } from '../wire/codes.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'
import { maxMetadata } from './offset-commit.js'
import { type Resource, readResource, resolve } from './resources.js'

/** Where a value comes from, by the protocol's numbers. */
const source = { topic: 1, cluster: 3, broker: 4, default: 5 } as const
type Source = (typeof source)[keyof typeof source]

interface Value {
  readonly name: string
  readonly value: string
  readonly source: Source
}

interface Config extends Value {
  readonly readOnly: boolean
  /** this value and those behind it, in the order in which they count */
  readonly synonyms: readonly Value[]
  readonly type: keyof typeof settingTypes
  readonly doc: string
}

interface Result {
  readonly resource: Resource
  readonly error: Code
  readonly message: string
  readonly configs: readonly Config[]
}

/** DescribeConfigs: the settings that this broker honours, of topics and of itself, under Kafka's names. */
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  decode(reader, version) {
    const wanted = reader.array((item) => {
      const resource = readResource(item)
      const names = item.nullableArray((one) => one.string())
      item.tags()
      return { resource, names }
    })
    const synonyms = version >= 1 && reader.boolean()
    const docs = version >= 3 && reader.boolean()
    reader.tags()
    return { wanted, synonyms, docs }
  },
  handle({ wanted, synonyms, docs }, context) {
    const results = wanted.map(({ resource, names }) => describe(resource, names, context))
    return { results, synonyms, docs }
  },
  encode(writer, { results, synonyms, docs }, version) {
    writer.int32(0) // throttle time
    writer.array(results, ({ resource, error, message, configs }) => {
      writer.int16(error).string(message).int8(resource.type).string(resource.name)
      writer.array(configs, (config) => writeConfig(writer, config, synonyms, docs, version))
      writer.tags()
    })
    writer.tags()
  },
})

function describe(resource: Resource, names: readonly string[] | null, context: Context): Result {
  const found = resolve(resource, context)
  if (found !== 'broker' && 'error' in found) return { resource, configs: [], ...found }
  const all = found === 'broker' ? ofBroker(context) : topicConfigs(found.overrides)
  const configs = names === null ? all : all.filter(({ name }) => names.includes(name))
  return { resource, error: code.none, message: '', configs }
}

/** All settings of a topic that has these of its own. */
export function topicConfigs(overrides: Overrides): Config[] {
  return [...settings.map((one) => ofTopic(one, overrides)), ...constants]
}

/** What clients ask for, and what is so whatever is set: batches are kept as they came, by this broker alone. */
const constants: readonly Config[] = [
  constant('compression.type', 'string', 'producer', source.default, 'Batches are kept as their producer made them.'),
  constant('min.insync.replicas', 'int', '1', source.cluster, 'This broker is alone.'),
]

function constant(name: string, type: Config['type'], value: string, first: Source, doc: string): Config {
  const origins = first === source.default ? [first] : [first, source.default]
  const synonyms = origins.map((one) => ({ name, value, source: one }))
  return { name, value, source: first, synonyms, type, doc, readOnly: false }
}

function ofTopic(setting: Setting, overrides: Overrides): Config {
  const set = overrides.get(setting.name)
  const own = set === undefined ? [] : [{ name: setting.name, value: set, source: source.topic }]
  return { ...common(setting, [...own, ...defaults(setting)]), name: setting.name, readOnly: false }
}

function common(setting: Pick<Setting, 'default' | 'type' | 'doc'>, synonyms: readonly Value[]) {
  const { value, source: from } = synonyms[0] ?? { value: setting.default, source: source.default }
  return { value, source: from, synonyms, type: setting.type, doc: setting.doc }
}

/** What counts where a topic has nothing of its own. */
function defaults(setting: Pick<Setting, 'brokerName' | 'default' | 'kafkaDefault'>): Value[] {
  const { brokerName: name, default: value, kafkaDefault } = setting
  if (kafkaDefault === undefined) return [{ name, value, source: source.default }]
  return [
    { name, value, source: source.broker },
    { name, value: kafkaDefault, source: source.default },
  ]
}

function ofBroker({ autoCreateTopics, defaultPartitions, minSessionMs, limits }: Context): Config[] {
  const fixed = (brokerName: string, type: Config['type'], own: unknown, kafka: string, doc: string): Config => {
    const value = String(own)
    const known = { brokerName, default: value, type, doc, ...(value !== kafka && { kafkaDefault: kafka }) }
    return { ...common(known, defaults(known)), name: brokerName, readOnly: true }
  }
  const { maxIdleMs, maxConnections, maxRequestBytes } = limits
  return [
    ...settings.map((one) => ({ ...common(one, defaults(one)), name: one.brokerName, readOnly: true })),
    ...constants.map((one) => ({ ...one, readOnly: true })),
    fixed('auto.create.topics.enable', 'boolean', autoCreateTopics, 'true', 'Create a topic that a client asks for.'),
    fixed(
      'connections.max.idle.ms',
      'long',
      maxIdleMs,
      '600000',
      'Time without a byte after which a client is let go.',
    ),
    fixed('default.replication.factor', 'int', 1, '1', 'This broker is alone.'),
    fixed('group.min.session.timeout.ms', 'int', minSessionMs, '6000', 'Shortest session of a member of a group.'),
    fixed(
      'log.retention.check.interval.ms',
      'long',
      retentionIntervalMs,
      '300000',
      'How often old records are looked for.',
    ),
    fixed('max.connections', 'int', maxConnections, '2147483647', 'Connections open at a time.'),
    fixed('num.partitions', 'int', defaultPartitions, '1', 'Partitions of a topic created without a number.'),
    fixed('offset.metadata.max.bytes', 'int', maxMetadata, '4096', 'Longest note that may go with a committed offset.'),
    fixed('socket.request.max.bytes', 'int', maxRequestBytes, '104857600', 'Longest request that is taken.'),
    fixed('transaction.max.timeout.ms', 'int', maxTimeoutMs, '900000', 'Longest time that a transaction may ask for.'),
  ]
}

function writeConfig(writer: Writer, config: Config, synonyms: boolean, docs: boolean, version: number): void {
  writer.string(config.name).string(config.value).boolean(config.readOnly)
  if (version === 0) writer.boolean(config.source === source.default)
  else writer.int8(config.source)
  writer.boolean(false) // sensitive
  if (version >= 1) {
    writer.array(synonyms ? config.synonyms : [], (one) => {
      writer.string(one.name).string(one.value).int8(one.source).tags()
    })
  }
  if (version >= 3) writer.int8(settingTypes[config.type]).string(docs ? config.doc : null)
  writer.tags()
}
