import { setImmediate as pause } from 'node:timers/promises'
import { MillraceError } from '../errors.js'
import type { Lane } from './lane.js'
import type { Pace } from './pace.js'
import type { Delivery, Item, RecordMetadata } from './record.js'
import type { Ground } from './round.js'
import { verdictOf } from './verdict.js'
import type { PartAnswer } from './wire.js'

/** Numbers of records in a partition start anew after the largest. */
const sequences = 2 ** 31

/** Does what a broker's answer says to the first batch of the lane. False: the cluster is to be asked again. */
export async function settle(lane: Lane, answer: PartAnswer, ground: Ground, pace: Pace): Promise<boolean> {
  const { verdict, meaning } = verdictOf(answer.code)
  const batch = lane.first
  if (batch === undefined) return true
  const { items, time, identity } = batch
  const failed = (item: Item, isFinal: boolean): Delivery => ({
    ok: false,
    error: refusal(lane, meaning, item),
    isFinal,
  })
  switch (verdict) {
    case 'written': {
      const sequence = identity?.sequences.get(lane.name) ?? 0
      identity?.sequences.set(lane.name, (sequence + items.length) % sequences)
      lane.next()
      for (const [n, item] of items.entries()) {
        if (pace()) await pause()
        item.settle({ ok: true, metadata: metadataOf(answer, n, item, time) })
      }
      return true
    }
    case 'large':
    case 'bad':
      if (items.length > 1) lane.halve()
      else {
        for (const item of items) item.settle(failed(item, true))
        lane.next()
      }
      return true
    case 'refused':
      for (const item of lane.rest()) item.settle(failed(item, item.record.hasOwnTopic))
      return true
    case 'unknown':
      if (ground.identity === identity) ground.identity = undefined
      batch.identity = undefined
      break
    case 'again':
      // A leader says so, too, of what it has written, if it leads no more when the replicas have it.
      lane.isInDoubt = true
  }
  lane.reason = new Error(meaning)
  return false
}

function metadataOf(answer: PartAnswer, n: number, { record }: Item, time: number): RecordMetadata {
  const { topic, partition, offset, appendTime } = answer
  const timestamp = appendTime < 0 ? (record.timestamp ?? time) : appendTime
  return { topic, partition, offset: offset < 0 ? -1 : offset + n, timestamp }
}

function refusal({ topic, partition }: Lane, meaning: string, { record }: Item): MillraceError {
  const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  return new MillraceError(
    'ML_PRODUCE_FAILED',
    `partition ${partition} of ${topic} does not take the record of ${bytes} bytes: ${meaning}`,
  )
}
