import { orFalse } from '../or-false.js'

/** Minutes from one look to the next. */
export const defaultEveryMinutes = 15

/** `custom.millrace.health`: of the function that looks at the service, or that there is none. */
export type HealthSettings =
  | false
  | {
      /** How often it looks. Default 15. */
      readonly everyMinutes?: number
      /** Whom it answers by a URL of its own: those whom IAM allows it, or everybody. Default: it has none. */
      readonly url?: 'AWS_IAM' | 'NONE'
      /** How long something that is due may wait. Default 300. */
      readonly stallSeconds?: number
    }

export const healthSchema = orFalse({
  type: 'object',
  properties: {
    everyMinutes: { type: 'integer', minimum: 1, maximum: 1_440 },
    url: { enum: ['AWS_IAM', 'NONE'] },
    stallSeconds: { type: 'integer', minimum: 60, maximum: 86_400 },
  },
  additionalProperties: false,
})
