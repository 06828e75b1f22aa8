import { piecesOf } from '../../sink/failures/index.js'
import type { Seen } from './select.js'

/** What is in hand at a time: so many envelopes, of which a piece of a large one weighs as much as six. */
const mostInHand = 100

/**
 * In the order of the list, but those whose bytes are read from Kafka behind the others: each of their chunks joins a group. A rate
 * is kept in four goes a second.
 */
export function* chunksOf(seen: readonly Seen[], ratePerSecond: number): Generator<Seen[]> {
  const most = Math.max(1, Math.min(mostInHand, Math.floor(ratePerSecond / 4)))
  for (const hasBytes of [true, false]) {
    let chunk: Seen[] = []
    let weight = 0
    for (const one of seen) {
      if ((one.head.sha256 !== undefined) !== hasBytes) continue
      const more = 1 + 6 * piecesOf(one.head)
      if (chunk.length === most || (chunk.length > 0 && weight + more > mostInHand)) {
        yield chunk
        chunk = []
        weight = 0
      }
      chunk.push(one)
      weight += more
    }
    if (chunk.length > 0) yield chunk
  }
}
