import { optionsOf } from '../../check-option.js'
import { unwritten, written } from '../answers.js'
import type { Sink, SinkRecord } from '../contract.js'
import { shown } from '../text.js'

/** What is shown, and where. */
export interface ConsoleSinkOptions {
  /** Key, value and headers of outputs, too. Default false: what records hold may be nobody else's business. */
  readonly values?: boolean
  /** Default: standard output. */
  readonly stream?: Pick<NodeJS.WritableStream, 'write'>
}

/**
 * Writes a line of JSON for each record: its id, where it comes from, how many bytes it has; to see what a function would write.
 * What comes again is written again.
 *
 * As `fallback` it writes the whole envelope of each record given up on, whatever `values` says: the line is all that is left of
 * that record. In Lambda it goes to the log, so that whoever reads the log reads what such records hold.
 *
 * @throws MillraceError `ML_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { kafkaFunction, ok } from 'millrace'
 * import { consoleSink } from 'millrace/sinks'
 *
 * export const handler = kafkaFunction({ onSuccess: consoleSink({ values: true }) }, (record) => ok({ value: record.value }))
 * ```
 */
export function consoleSink(options: ConsoleSinkOptions = {}): Sink {
  const given = optionsOf('consoleSink', options, ['values', 'stream'], 'consoleSink({ values: true })')
  const { values = false, stream = process.stdout } = given
  const name = 'console'
  return {
    name,
    async write(records, signal) {
      if (records.length === 0) return []
      const text = records.map((record) => `${JSON.stringify(lineOf(record, values))}\n`).join('')
      return new Promise((resolve) => {
        const answer = (error?: Error | null) => {
          signal.removeEventListener('abort', give)
          resolve(records.map(() => (error ? unwritten(name, error) : written)))
        }
        const give = () => answer(signal.reason)
        if (signal.aborted) return give()
        signal.addEventListener('abort', give, { once: true })
        stream.write(text, answer)
      })
    },
  }
}

/** The id of an output has an index, and no topic has a `#` in its name. */
const isGivenUp = (id: string): boolean => !id.includes('#')

function lineOf({ id, source, key, value, headers }: SinkRecord, values: boolean): object {
  if (isGivenUp(id)) return { sink: 'console', id, group: source.group, envelope: JSON.parse(String(value)) }
  const about = { sink: 'console', id, group: source.group, bytes: value?.length ?? null }
  if (!values) return about
  return { ...about, key: shown(key), value: shown(value), headers: headers.map((one) => [one.key, shown(one.value)]) }
}
