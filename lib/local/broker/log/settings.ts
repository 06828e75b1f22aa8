/** What a topic lays down for its partitions. */
export interface LogPolicy {
  /** bytes beyond which the oldest batches of a partition go; -1 for no limit */
  readonly retentionBytes: number
  /** milliseconds after which batches go; -1 for no limit */
  readonly retentionMs: number
  /** longest batch that is taken, in bytes */
  readonly maxBatchBytes: number
  /** records get the time at which the broker takes them */
  readonly appendTime: boolean
}

/** A setting of topics that the broker honours, with the name of the broker's own setting that gives the default. */
export interface Setting {
  readonly name: string
  readonly brokerName: string
  readonly type: keyof typeof settingTypes
  readonly default: string
  readonly doc: string
  /** Why a value cannot be taken. */
  readonly refuse: (value: string) => string | undefined
}

/** The protocol's numbers for the types of settings. */
export const settingTypes = { string: 2, int: 3, long: 5, list: 7 } as const

const wholeNumber = (min: number, max: number) => (value: string) => {
  const number = Number(value)
  const fits = /^-?\d+$/.test(value) && number >= min && number <= max
  return fits ? undefined : `give a whole number from ${min} to ${max}`
}

const oneOf = (first: string, ...others: string[]) => (value: string) =>
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
    doc: 'Milliseconds after which batches are deleted; -1 for no limit.',
    refuse: wholeNumber(-1, Number.MAX_SAFE_INTEGER),
  },
]

/** Values that were set for a topic, by name; what is missing has the default. */
export type Overrides = ReadonlyMap<string, string>

export function isSetting(name: string): boolean {
  return settings.some((one) => one.name === name)
}

/** Why a value cannot be set, in words for its author; `undefined` if it can. */
export function refusal(name: string, value: string): string | undefined {
  const reason = settings.find((one) => one.name === name)?.refuse(value)
  return reason && `${name} is ${value}: ${reason}`
}

export function policyOf(overrides: Overrides): LogPolicy {
  const value = (name: string) => overrides.get(name) ?? settings.find((one) => one.name === name)?.default ?? ''
  return {
    retentionBytes: Number(value('retention.bytes')),
    retentionMs: Number(value('retention.ms')),
    maxBatchBytes: Number(value('max.message.bytes')),
    appendTime: value('message.timestamp.type') === 'LogAppendTime',
  }
}
