import type { SinkRecord } from '../sink/index.js'
import type { OutgoingHeader } from './record.js'

/** The names of the headers that say what a record was made of. */
const position: ReadonlySet<string> = new Set([
  'x-source-topic',
  'x-source-partition',
  'x-source-offset',
  'x-source-group',
  'x-source-id',
])

/**
 * The headers of an output: its own, trace context included, and behind them the position of the record that it was made of. Of an
 * earlier function's position, which came in and was handed on, nothing stays: a record has one source.
 */
export function outputHeaders({ id, source, headers }: SinkRecord): readonly OutgoingHeader[] {
  const all: OutgoingHeader[] = headers.filter(({ key }) => !position.has(key))
  all.push(
    { key: 'x-source-topic', value: source.topic },
    { key: 'x-source-partition', value: String(source.partition) },
    { key: 'x-source-offset', value: String(source.offset) },
    { key: 'x-source-group', value: source.group },
    { key: 'x-source-id', value: id },
  )
  return all
}
