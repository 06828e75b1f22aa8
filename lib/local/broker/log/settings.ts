/** What a topic lays down for its partitions. */
export interface LogPolicy {
  /** bytes beyond which the oldest batches of a partition go; -1 for no limit */
  readonly retentionBytes: number
  /** milliseconds after which batches go; -1 for no limit */
  readonly retentionMs: number
  /** longest batch that is taken, in bytes */
  readonly maxBatchBytes: number
  /** milliseconds that the time of a record may be ahead of the broker's */
  readonly maxAheadMs: number
  /** records get the time at which the broker takes them */
  readonly appendTime: boolean
}

/** A setting of topics that the broker honours, with the name of the broker's own setting that gives the default. */
export interface Setting {
  readonly name: string
  readonly brokerName: string
  readonly type: keyof typeof settingTypes
  readonly default: string
  /** Kafka's default, where this broker has another */
  readonly kafkaDefault?: string
  readonly doc: string
  /** Why a value cannot be taken. */
  readonly refuse: (value: string) => string | undefined
}

/** The protocol's numbers for the types of settings. */
export const settingTypes = { boolean: 1, string: 2, int: 3, long: 5, list: 7 } as const

const wholeNumber = (min: number, max: number | bigint) => (value: string) => {
  const fits = /^-?\d+$/.test(value) && BigInt(value) >= min && BigInt(value) <= max
  return fits ? undefined : `give a whole number from ${min} to ${max}`
}

const oneOf =
  (first: string, ...others: string[]) =>
  (value: string) =>
    [first, ...others].includes(value) ? undefined : `give ${[first, ...others].join(' or ')}`

/** Whatever else a client may set is refused or ignored with a line in the log. */
export const settings: readonly Setting[] = [
  {
    name: 'cleanup.policy',
    brokerName: 'log.cleanup.policy',
    type: 'list',
    default: 'delete',
    doc: 'Old records are deleted; this broker does not compact.',
    refuse: (value) => (value === 'delete' ? undefined : 'this development broker does not compact: give delete'),
  },
  {
    name: 'max.message.bytes',
    brokerName: 'message.max.bytes',
    type: 'int',
    default: '1048588',
    doc: 'Longest record batch that is taken, in bytes, after compression.',
    refuse: wholeNumber(0, 2 ** 31 - 1),
  },
  {
    name: 'message.timestamp.after.max.ms',
    brokerName: 'log.message.timestamp.after.max.ms',
    type: 'long',
    default: '3600000',
    doc: 'Milliseconds that the time of a record may be ahead of the broker’s.',
    refuse: wholeNumber(0, 2n ** 63n - 1n),
  },
  {
    name: 'message.timestamp.type',
    brokerName: 'log.message.timestamp.type',
    type: 'string',
    default: 'CreateTime',
    doc: 'Whose time a record carries: its producer’s (CreateTime) or the broker’s (LogAppendTime).',
    refuse: oneOf('CreateTime', 'LogAppendTime'),
  },
  {
    name: 'retention.bytes',
    brokerName: 'log.retention.bytes',
    type: 'long',
    default: '-1',
    doc: 'Bytes of a partition beyond which its oldest batches are deleted; -1 for no limit.',
    refuse: wholeNumber(-1, Number.MAX_SAFE_INTEGER),
  },
  {
    // Kafka's own default is a week. Here a sample with old timestamps would then vanish from under its reader.
    name: 'retention.ms',
    brokerName: 'log.retention.ms',
    type: 'long',
    default: '-1',
    kafkaDefault: '604800000',
    doc: 'Milliseconds after which batches are deleted; -1 for no limit.',
    refuse: wholeNumber(-1, Number.MAX_SAFE_INTEGER),
  },
]

/** Settings of Kafka's that make no difference here: there is one broker, and its log has no segments or followers. */
const ignored: ReadonlySet<string> = new Set([
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'delete.retention.ms',
  'file.delete.delay.ms',
  'flush.messages',
  'flush.ms',
  'follower.replication.throttled.replicas',
  'index.interval.bytes',
  'leader.replication.throttled.replicas',
  'local.retention.bytes',
  'local.retention.ms',
  'max.compaction.lag.ms',
  'message.timestamp.before.max.ms',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'min.insync.replicas',
  'preallocate',
  'remote.storage.enable',
  'segment.bytes',
  'segment.index.bytes',
  'segment.jitter.ms',
  'segment.ms',
  'unclean.leader.election.enable',
])

/** Values that were set for a topic, by name; what is missing has the default. */
export type Overrides = ReadonlyMap<string, string>

/** Which of these values are applied; those that Kafka knows and that mean nothing here; and why one cannot be taken. */
export function checkSettings(values: Overrides): {
  readonly applied: Overrides
  readonly ignored: readonly string[]
  readonly refusal: string | undefined
} {
  const applied = new Map<string, string>()
  const unused: string[] = []
  let refusal: string | undefined
  for (const [name, value] of values) {
    const setting = settings.find((one) => one.name === name)
    const reason = setting?.refuse(value)
    if (setting === undefined && !ignored.has(name)) refusal ??= `Unknown topic config name: ${name}`
    else if (setting === undefined) unused.push(name)
    else if (reason === undefined) applied.set(name, value)
    else refusal ??= `${name} is ${value}: ${reason}`
  }
  return { applied, ignored: unused, refusal }
}

/** One step of an incremental change, by the protocol's numbers: 0 sets, 1 takes back, 2 and 3 add to a list and take from it. */
export interface Change {
  readonly name: string
  readonly operation: number
  readonly value: string | null
}

/** The values after some changes, or why they cannot be made. */
export function changed(values: Overrides, changes: readonly Change[]): Overrides | string {
  const next = new Map(values)
  for (const { name, operation, value: given } of changes) {
    const value = given ?? ''
    const setting = settings.find((one) => one.name === name)
    if (operation === 0) next.set(name, value)
    else if (operation === 1) next.delete(name)
    else if (setting?.type !== 'list') return `${name} is no list: set it as a whole`
    else {
      const others = (next.get(name) ?? setting.default).split(',').filter((one) => one !== '' && one !== value)
      next.set(name, [...others, ...(operation === 2 ? [value] : [])].join(','))
    }
  }
  return next
}

export function policyOf(overrides: Overrides): LogPolicy {
  const value = (name: string) => overrides.get(name) ?? settings.find((one) => one.name === name)?.default ?? ''
  return {
    retentionBytes: Number(value('retention.bytes')),
    retentionMs: Number(value('retention.ms')),
    maxBatchBytes: Number(value('max.message.bytes')),
    maxAheadMs: Number(value('message.timestamp.after.max.ms')),
    appendTime: value('message.timestamp.type') === 'LogAppendTime',
  }
}

export const defaultPolicy: LogPolicy = policyOf(new Map())
