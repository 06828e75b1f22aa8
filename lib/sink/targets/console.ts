import { unwritten, written } from '../answers.js'
import type { Sink, SinkRecord } from '../contract.js'
import { shown } from '../text.js'

/** What is shown, and where. */
export interface ConsoleSinkOptions {
  /** Key, value and headers, too. Default false: what records hold may be nobody else's business. */
  readonly values?: boolean
  /** Default: standard output. */
  readonly stream?: Pick<NodeJS.WritableStream, 'write'>
}

/**
 * Writes a line of JSON for each record: its id, where it comes from, how many bytes it has; to see what a function would write.
 * What comes again is written again.
 *
 * @example
 * ```ts
 * import { kafkaFunction, ok } from 'millrace'
 * import { consoleSink } from 'millrace/sinks'
 *
 * export const handler = kafkaFunction({ onSuccess: consoleSink({ values: true }) }, (record) => ok({ value: record.value }))
 * ```
 */
export function consoleSink({ values = false, stream = process.stdout }: ConsoleSinkOptions = {}): Sink {
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

function lineOf({ id, source, key, value, headers }: SinkRecord, values: boolean): object {
  const about = { sink: 'console', id, group: source.group, bytes: value?.length ?? null }
  if (!values) return about
  return { ...about, key: shown(key), value: shown(value), headers: headers.map((one) => [one.key, shown(one.value)]) }
}
