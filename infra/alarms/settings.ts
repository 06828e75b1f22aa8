import type { Value } from '../metrics/index.js'
import { orFalse } from '../or-false.js'

/** What can be set of each alarm of a mapping or function. Counts are exceeded by more. */
export interface AlarmSettings {
  /** Lag, and nothing settled, for so long: a multiple of 60, 180 to 86,400. Default 300, or the function's time-out and 2 minutes. */
  readonly stall: { readonly stallSeconds?: number }
  /** Records that went to the fallback, in percent of those delivered in 5 minutes. Default 5. */
  readonly fallbackRate: { readonly percent?: number }
  /** Records abandoned in 5 minutes. Default 0. */
  readonly abandoned: { readonly records?: number }
  /** Source partitions of recreated topics in 5 minutes. Default 0. */
  readonly recreated: { readonly partitions?: number }
  /** 99 of 100 records are settled within so many milliseconds of their timestamps. Without it there is no such alarm. */
  readonly latency: { readonly p99Ms: number }
  /** In 5 minutes. Default 0. */
  readonly contractErrors: { readonly count?: number }
  /** In each of three times 5 minutes. Default 0. */
  readonly throttles: { readonly count?: number }
  /** In 5 minutes. Default 0; where a mapping takes no partial responses, a failed record is an error, so there only if it is asked for. */
  readonly errors: { readonly count?: number }
}

export type AlarmKind = keyof AlarmSettings

/** Each alarm's settings, or false for none. */
type Chosen = { readonly [K in AlarmKind]?: false | AlarmSettings[K] }

/** `alarms` of a function's `millrace`; false for none. */
export type FunctionAlarms = false | Chosen

/** `alarms` of `custom.millrace`, for all functions. */
export type ServiceAlarms = false | (Chosen & SharedSettings)

interface SharedSettings {
  /** ARN of an SNS topic that is told of every alarm, and of its end. */
  readonly topic?: Value
  /** Records in the failures table, neither redriven nor discarded. Default 0. */
  readonly failuresWaiting?: false | { readonly records?: number }
}

const strict = (properties: object) => ({ type: 'object', properties, additionalProperties: false })
const count = { type: 'integer', minimum: 0 }

const kinds = {
  stall: strict({ stallSeconds: { type: 'integer', minimum: 180, maximum: 86_400, multipleOf: 60 } }),
  fallbackRate: strict({ percent: { type: 'number', minimum: 0, maximum: 100 } }),
  abandoned: strict({ records: count }),
  recreated: strict({ partitions: count }),
  latency: { ...strict({ p99Ms: { type: 'integer', minimum: 1 } }), required: ['p99Ms'] },
  contractErrors: strict({ count }),
  throttles: strict({ count }),
  errors: strict({ count }),
} as const satisfies Record<AlarmKind, object>

const each = Object.fromEntries(Object.entries(kinds).map(([kind, schema]) => [kind, orFalse(schema)]))

/** `alarms` of a function's `millrace`. */
export const functionAlarmsSchema = orFalse(strict(each))

/** `alarms` of `custom.millrace`. */
export const serviceAlarmsSchema = orFalse(
  strict({
    ...each,
    topic: { anyOf: [{ type: 'string', pattern: '^arn:aws[a-z-]*:sns:' }, { type: 'object' }] },
    failuresWaiting: orFalse(strict({ records: count })),
  }),
)

/** What is asked of one alarm, by the function and else by its service; undefined: nothing. */
export function chosen<K extends AlarmKind>(
  kind: K,
  ofFunction: FunctionAlarms | undefined,
  ofService: ServiceAlarms | undefined,
): false | AlarmSettings[K] | undefined {
  if (ofFunction === false) return false
  const own: Chosen = ofFunction ?? {}
  if (own[kind] !== undefined || ofService === false) return own[kind] ?? false
  const shared: Chosen = ofService ?? {}
  return shared[kind]
}
