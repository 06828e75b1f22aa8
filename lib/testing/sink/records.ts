import type { SinkRecord } from '../../sink/index.js'

let made = 0

/** What a record of a check has of its own. */
export type Given = Partial<Pick<SinkRecord, 'key' | 'value' | 'headers' | 'content'>>

/** Records with ids that no other has. */
export function recordsOf(given: readonly Given[]): SinkRecord[] {
  const topic = 'conformance'
  return given.map(({ key, value, headers = [], content }) => {
    const offset = made++
    const bytes = value === undefined ? Buffer.from(JSON.stringify({ n: offset })) : value
    return {
      id: `${topic}:0:${offset}#0`,
      source: { topic, partition: 0, offset, timestamp: 1_700_000_000_000 + offset, group: 'conformance' },
      key: key === undefined ? Buffer.from(`k${offset}`) : key,
      value: bytes,
      headers,
      content: content ?? bytes,
    }
  })
}

/** So many ordinary records, each with a key of its own. */
export const some = (count: number): SinkRecord[] => recordsOf(Array.from({ length: count }, () => ({})))
