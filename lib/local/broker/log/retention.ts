import type { Timers } from '../timers.js'
import type { Topics } from './topics.js'

/** How often the oldest records are looked at, in milliseconds (in Kafka log.retention.check.interval.ms, 5 minutes). */
export const retentionIntervalMs = 1000

/** Deletes what its topic does not keep any longer, from time to time; returns what ends that. */
export function startRetention(topics: Topics, timers: Timers): () => void {
  let cancel: () => void = () => undefined
  const wait = () => {
    cancel = timers.after(retentionIntervalMs, () => {
      for (const topic of topics.all()) for (const log of topic.partitions) log.retain(timers.now())
      wait()
    })
  }
  wait()
  return () => cancel()
}
