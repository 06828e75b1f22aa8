import { MillraceError, show } from '../../errors.js'

/** A behaviour of Lambda that no primary source confirms: what it may be, what the emulator takes it for, and why. */
interface Switch {
  /** The first one is the default. */
  readonly values: readonly (string | boolean)[]
  readonly why: string
}

/** Every unconfirmed behaviour, by name. docs/esm.md shows the same table; a test compares them. */
export const esmSwitches = {
  redelivery: {
    values: ['from-lowest', 'reported-only'],
    why: 'Where a retry starts after a partial failure. The guide says "retry just those specific items"; Kinesis goes on from the lowest',
  },
  partialCommit: {
    values: ['with-batch', 'at-once'],
    why: 'When the settled part of a batch is committed while the rest is retried. The guide says "after Lambda processes each batch"',
  },
  malformedResponse: {
    values: ['fail', 'settle'],
    why: 'An answer that is no object, or items without an id. Kinesis fails the whole batch',
  },
  bisectConsumesRetries: {
    values: [false, true],
    why: 'Whether splitting a batch spends a retry. For Kinesis it does not',
  },
  bisectAfterReport: {
    values: ['remainder', 'split'],
    why: 'Whether the records that a partial response reports are split, too. Kinesis splits where the report says and nowhere else',
  },
  bisectReports: {
    values: ['per-batch', 'per-part'],
    why: 'Whether the parts of a bisected batch that were given up share one on-failure message. CloudFormation says that "Lambda consolidates" them',
  },
  retryBackoff: {
    values: ['doubling', 'none'],
    why: 'The wait before a retry: 100 ms, doubled up to 5 s, or none. Not documented',
  },
  retryCap: {
    values: ['when-infinite', 'always'],
    why: 'Whether the cap of 10 retries with an on-failure destination also lowers a number that was given. The API says that infinite is capped',
  },
  unprovisioned: {
    values: ['ignore', 'refuse'],
    why: 'Retry settings, bisecting and partial responses without provisioned mode, where Lambda does not offer them. The error of the API is not known',
  },
  filterMismatch: {
    values: ['pass', 'drop'],
    why: 'A record whose format is not its pattern’s. The guide filters it "on the other metadata properties only", and Kafka has none to filter on',
  },
  filteredPollCommits: {
    values: ['at-once', 'with-next-success'],
    why: 'When a poll of which nothing passes the filters is committed. The guide says "after successfully invoking the function"',
  },
  ageCondition: {
    values: ['RecordAgeExceeded', 'EventAgeExceeded'],
    why: 'The condition of records given up by their age. Kinesis has the first, asynchronous invocations the second',
  },
  kafkaCondition: {
    values: ['RetriesExhausted', 'RetryAttemptsExhausted'],
    why: 'The condition in a Kafka destination. The guide’s examples differ: the first for Kafka, the second for SQS, SNS and S3',
  },
  reportedFunctionError: {
    values: ['absent', 'Unhandled'],
    why: 'The functionError of records that were given up after partial responses: the function did not fail',
  },
  oversizedWithoutDestination: {
    values: ['drop', 'block'],
    why: 'A record over 6 MB where no destination takes it: given up, or its partition stands still',
  },
  s3Key: {
    values: ['by-mapping', 'by-partition'],
    why: 'The keys of S3 objects: aws/lambda/<mapping>/<yyyy/mm/dd>/<time>-<uuid>, or with the first partition after the mapping, as Kinesis has its shard',
  },
  nullHeader: {
    values: ['null', 'empty'],
    why: 'A header without a value: null, or no bytes',
  },
} as const satisfies Readonly<Record<string, Switch>>

type Switches = typeof esmSwitches

/**
 * One setting per unconfirmed behaviour.
 */
export type EsmSwitches = { readonly [Name in keyof Switches]: Switches[Name]['values'][number] }

/** All switches, the defaults where nothing is given. @throws MillraceError `ML_OPTION_INVALID` */
export function readSwitches(given: Partial<EsmSwitches> = {}): EsmSwitches {
  for (const [name, value] of Object.entries(given)) {
    const known: Switch | undefined = Object.hasOwn(esmSwitches, name) ? esmSwitches[name as keyof Switches] : undefined
    if (known === undefined || !known.values.includes(value)) {
      const right = known
        ? `one of ${known.values.join(', ')}`
        : `one of the switches ${Object.keys(esmSwitches).join(', ')}`
      throw new MillraceError('ML_OPTION_INVALID', `the switch ${name} is ${show(value)}; give ${right}`)
    }
  }
  const defaults = Object.fromEntries(Object.entries(esmSwitches).map(([name, { values }]) => [name, values[0]]))
  return { ...(defaults as EsmSwitches), ...given }
}
