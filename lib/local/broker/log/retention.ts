import type { Timers } from '../timers.js'
import type { Topics } from './topics.js'

/** How often the oldest records are looked at, in milliseconds (in Kafka log.retention.check.interval.ms, 5 minutes). */
export const retentionIntervalMs = 1000

/** Deletes what its topic does not keep any longer, from time to time; returns what ends that. What fails is told to `log`, and tried again. */
export function startRetention(topics: Topics, timers: Timers, log: (line: string) => void): () => void {
  let cancel: () => void = () => undefined
  const wait = () => {
    cancel = timers.after(retentionIntervalMs, () => {
      try {
        for (const { partitions } of topics.all()) for (const one of partitions) one.retain(timers.now())
      } catch (error) {
        log(`broker: old records stay for now: ${error instanceof Error ? error.message : error}`)
      }
      wait()
    })
  }
  wait()
  return () => cancel()
}
