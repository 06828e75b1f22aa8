import { type Header, type Produced, placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts, type KeptFailure } from '../facts.js'

/** Every bad or exhausted record is in the failures table, byte for byte, with its provenance; and nothing else is. */
export function failures({ topic, produced, failures: kept }: Pick<Facts, 'topic' | 'produced' | 'failures'>): Answer {
  const found = new Map(kept.map((failure) => [placeOf(failure), failure]))
  const expected = produced.filter(({ fate }) => fate.outcome === 'fallback')
  const complaints = expected.flatMap((record) => {
    const wrong = differences(record, found.get(placeOf(record)), topic)
    found.delete(placeOf(record))
    return wrong.length === 0 ? [] : [`${placeOf(record)}: ${wrong.join(', ')}`]
  })
  for (const place of found.keys()) complaints.push(`${place} must not be in the failures table`)
  return answerOf(complaints, `${expected.length} records given up, each byte for byte with its provenance`)
}

function differences(record: Produced, kept: KeptFailure | undefined, topic: string): string[] {
  if (kept === undefined) return ['is missing']
  const { fate } = record
  const same: Record<string, boolean> = {
    topic: kept.topic === topic,
    timestamp: kept.timestamp === record.timestamp,
    key: sameBytes(kept.key, record.key),
    value: sameBytes(kept.value, record.value),
    headers: sameHeaders(kept.headers, record.headers),
    stage: fate.outcome === 'fallback' && kept.stage === fate.stage,
    rule: fate.outcome === 'fallback' && kept.rule === fate.rule,
    attempts: fate.outcome === 'fallback' && kept.attempts === fate.attempts,
  }
  return Object.entries(same).flatMap(([name, isSame]) => (isSame ? [] : [`another ${name}`]))
}

/** Null, empty and present are three different things. */
const sameBytes = (a: Buffer | null, b: Buffer | null): boolean => (a === null || b === null ? a === b : a.equals(b))

const sameHeaders = (a: readonly Header[], b: readonly Header[]): boolean =>
  a.length === b.length && a.every(([key, value], i) => key === b[i]?.[0] && sameBytes(value, b[i][1]))
