import { setTimeout as delay } from 'node:timers/promises'

/** What one request carries at most. */
const most = { records: 1_000, bytes: 512 * 1024 }

/** How long a chunk waits for a record that is slow to come, in milliseconds. */
const lingerMs = 5

/** How records become chunks. */
export interface ChunkOptions<T> {
  readonly sizeOf: (record: T) => number
  /** No limit where left out. */
  readonly ratePerSecond?: number
  /** Ends the chunks, with what was taken so far still given out. */
  readonly signal?: AbortSignal
  /** Milliseconds; for the rate. */
  readonly now?: () => number
}

/** Records in chunks for one request each: as large as they may be, no larger than the rate allows, none waiting for a slow one. */
export async function* inChunks<T>(
  records: Iterable<T> | AsyncIterable<T>,
  {
    sizeOf,
    ratePerSecond = Number.POSITIVE_INFINITY,
    signal,
    now = performance.now.bind(performance),
  }: ChunkOptions<T>,
): AsyncGenerator<T[], void, undefined> {
  const next = source(records, signal)
  const began = now()
  let taken = 0
  let ended = false
  while (!ended) {
    const dueMs = began + (taken / ratePerSecond) * 1_000 - now()
    if (dueMs > 0) await delay(dueMs, undefined, { signal }).catch(() => undefined)
    const allowed = Math.max(
      1,
      Math.min(most.records, Math.floor(((now() - began) / 1_000) * ratePerSecond) + 1 - taken),
    )
    const chunk: T[] = []
    let bytes = 0
    while (chunk.length < allowed && bytes < most.bytes) {
      const one = await next(chunk.length > 0)
      ended = one === 'end'
      if (one === 'end' || one === 'later') break
      chunk.push(one.record)
      bytes += sizeOf(one.record)
    }
    taken += chunk.length
    if (chunk.length > 0) yield chunk
  }
}

type Next<T> = { readonly record: T } | 'end' | 'later'

/** The next record; `later` where others should not wait for it, and it comes with a later call. */
function source<T>(
  records: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
): (othersWait: boolean) => Next<T> | Promise<Next<T>> {
  if (Symbol.iterator in records) {
    const iterator = records[Symbol.iterator]()
    return () => {
      const result = signal?.aborted ? undefined : iterator.next()
      return !result || result.done ? 'end' : { record: result.value }
    }
  }
  const iterator = records[Symbol.asyncIterator]()
  const aborted = new Promise<'end'>((resolve) =>
    signal?.addEventListener('abort', () => resolve('end'), { once: true }),
  )
  let pending: Promise<Next<T>> | undefined
  return async (othersWait) => {
    if (signal?.aborted) return 'end'
    pending ??= iterator.next().then((result) => (result.done ? 'end' : { record: result.value }))
    const answer = await Promise.race([pending, aborted, ...(othersWait ? [delay(lingerMs, 'later' as const)] : [])])
    if (answer !== 'later') pending = undefined
    return answer
  }
}
