import { errorFields, type Log, type Policy } from '../engine/index.js'
import { asError, kindOf, show } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import { type Classified, classify } from '../outcome/index.js'
import { DecodedRecord, type KafkaRecord } from './record.js'

/** A status, or one with the name of the rule that decided; by default that is `classify`. */
export type ClassifiedAs = Classified['status'] | (Pick<Classified, 'status'> & Partial<Classified>)

/** A record whose handler threw: where it is from, and its bytes. */
export type ClassifiedRecord = Omit<KafkaRecord, 'key' | 'value'>

/** What a user says of an error; undefined: what the default table says. */
export type ClassifyOption = (error: Error, record: ClassifiedRecord) => ClassifiedAs | undefined

const statuses: readonly unknown[] = ['retry', 'fallback', 'drop'] satisfies Classified['status'][]

/** The user's rules before the default table's. What of the user's fails, or makes no sense, is logged, and the table decides. */
export function classifyWith(option: ClassifyOption | undefined, log: Log): Policy['classify'] {
  if (option === undefined) return classify
  return (error, record) => {
    try {
      const answer = option(error, new DecodedRecord(record, undefined, undefined))
      if (answer === undefined) return classify(error)
      const { status, rule = 'classify' } = typeof answer === 'string' ? { status: answer } : answer
      if (statuses.includes(status) && typeof rule === 'string') return { status, rule }
      // Not more of an object: it may be what the record carried.
      const given = typeof answer === 'string' ? show(answer) : kindOf(answer)
      throw new TypeError(`it answered ${given}, not 'retry', 'fallback', 'drop' or one with a rule, or undefined`)
    } catch (thrown) {
      const { id } = new DecodedRecord<undefined, undefined>(record as RawRecord, undefined, undefined)
      log.error('the option classify failed, so the default table decides', {
        id,
        error: errorFields(asError(thrown), log),
      })
      return classify(error)
    }
  }
}
