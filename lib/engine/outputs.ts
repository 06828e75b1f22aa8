import { kindOf, MillraceError } from '../errors.js'
import type { Header, RawRecord } from '../event/index.js'
import type { Output } from '../outcome/index.js'
import type { SinkRecord } from '../sink/index.js'
import { traced } from '../trace/index.js'

/**
 * The outputs of a record as its sink gets them: with the same ids in each delivery, and in the record's trace.
 *
 * @throws MillraceError `ML_OUTPUT_INVALID` for what cannot be made bytes
 */
export function sinkRecordsOf(record: RawRecord, outputs: readonly Output[], group: string): readonly SinkRecord[] {
  const { topic, partition, offset, timestamp } = record
  const source = { topic, partition, offset, timestamp, group }
  return outputs.map((output, i): SinkRecord => {
    const id = `${topic}:${partition}:${offset}#${i}`
    // Spread only where there is something to: thousands of them are made in a batch.
    const written = {
      id,
      source,
      key: bytesOf(output.key, 'key', id),
      value: jsonOf(output.value, id),
      headers: traced(headersOf(output, id), record.headers, id),
      content: output.value,
    }
    if (output.topic === undefined && output.partition === undefined) return written
    // Plain JavaScript may give anything.
    if (output.topic !== undefined && typeof output.topic !== 'string')
      throw invalid(id, `the topic is ${kindOf(output.topic)}, not a text`)
    return {
      ...written,
      ...(output.topic !== undefined && { topic: output.topic }),
      ...(output.partition !== undefined && { partition: output.partition }),
    }
  })
}

function jsonOf(value: unknown, id: string): Buffer | null {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return bytesOf(value, 'value', id)
  let json: string | undefined
  try {
    json = JSON.stringify(value)
  } catch (cause) {
    throw invalid(id, `the value, ${kindOf(value)}, is no JSON`, cause)
  }
  if (json === undefined) throw invalid(id, `the value, ${kindOf(value)}, is no JSON`)
  return Buffer.from(json)
}

function headersOf({ headers = [] }: Output, id: string): readonly Header[] {
  if (!Array.isArray(headers)) throw invalid(id, `the headers are ${kindOf(headers)}, not a list of [name, value]`)
  return headers.map((header: unknown): Header => {
    const [key, value] = Array.isArray(header) ? header : []
    if (typeof key !== 'string') throw invalid(id, `a header is ${kindOf(header)}, not [name, value]`)
    return { key, value: bytesOf(value, `header ${key}`, id) }
  })
}

function bytesOf(value: unknown, what: string, id: string): Buffer | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw invalid(id, `the ${what} is ${kindOf(value)}, neither text nor bytes nor null`)
}

const invalid = (id: string, what: string, cause?: unknown) =>
  new MillraceError('ML_OUTPUT_INVALID', `of the output ${id} ${what}; give ok() what can be written`, { cause })
