import { type CheckCode, silenceable } from './catalogue.js'

/** What `millrace:` of a function says to the checks. */
export interface CheckSettings {
  /** Typical bytes of a record: key, value and headers together, as Kafka has them. */
  readonly recordBytes?: number
  /** What of the checks somebody knows and accepts for this function. */
  readonly checks?: Readonly<Partial<Record<CheckCode, 'off'>>>
}

/** The same as a JSON schema; any other code is an error. */
export const checkProperties = {
  recordBytes: { type: 'integer', minimum: 1, maximum: 1_073_741_824 },
  checks: {
    type: 'object',
    properties: Object.fromEntries(silenceable.map((code) => [code, { const: 'off' }])),
    additionalProperties: false,
  },
} as const
