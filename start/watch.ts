import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { KafkaEvent } from '../lib/event/index.js'
import { isCovered, type LedgerState } from '../lib/ledger/index.js'
import type { Attempt } from '../lib/local/esm/index.js'
import type { LedgerBreak } from './faults/index.js'
import type { Killer } from './kill.js'
import { placeOf } from './orders/index.js'
import type { Kill } from './verify/index.js'

/** What is remembered of the invocations as they pass. */
export interface Watch {
  /** Invocations so far. */
  readonly invocations: number
  /** What is known of the death; undefined while nobody died. */
  readonly kill: Promise<Kill> | undefined
  /**
   * A batch that was settled whole, to be delivered again: the largest from the beginning of its partitions, else the newest. Of
   * both the ledger still has fingerprints; one from the middle it could take for a recreated topic's.
   */
  readonly settledBatch: KafkaEvent | undefined
  onBatch(attempt: Attempt, store: DynamoDBClient): void
}

export interface WatchOptions {
  readonly killer: Killer
  /** The ledger, read by a client of the verifier's own. */
  readonly readLedger: (store: DynamoDBClient) => Promise<ReadonlyMap<number, LedgerState>>
  readonly broken: LedgerBreak | undefined
}

/** Watches the invocations of a mapping. */
export function watchBatches({ killer, readLedger, broken }: WatchOptions): Watch {
  let invocations = 0
  let kill: Promise<Kill> | undefined
  let settled: { event: KafkaEvent; size: number; isFirst: boolean } | undefined

  async function inspect(attempt: Attempt, pid: number, store: DynamoDBClient): Promise<Kill> {
    const batch = placesOf(attempt.event)
    // Nobody else can settle any of it before the dead one's lease is over.
    const states = await readLedger(store)
    const unsettled = batch.filter(({ partition, offset }) => !isCovered(states.get(partition)?.settled ?? [], offset))
    const { result } = attempt
    return {
      pid,
      requestId: result?.requestId ?? '',
      kind: result?.kind ?? 'unreached',
      signal: result?.kind === 'crash' ? result.signal : null,
      gone: !isAlive(pid),
      batch: batch.map(placeOf),
      unsettled: new Set(unsettled.map(placeOf)),
    }
  }

  return {
    get invocations() {
      return invocations
    },
    get kill() {
      return kill
    },
    get settledBatch() {
      return settled?.event
    },
    onBatch(attempt, store) {
      invocations++
      const { victim } = killer
      if (kill === undefined && victim !== undefined && attempt.result?.pid === victim) {
        kill = inspect(attempt, victim, store)
        // Whoever asks for it is told; nobody may have to.
        kill.catch(() => undefined)
      }
      const places = placesOf(attempt.event)
      const isBroken = places.some(({ partition, offset }) => {
        const lost = broken?.lost.get(partition)
        return lost !== undefined && lost.from <= offset && offset <= lost.to
      })
      if (attempt.decision.kind !== 'settled' || isBroken) return
      const isFirst = Object.values(attempt.event.records).every(([first]) => first?.offset === 0)
      if (settled?.isFirst && !(isFirst && places.length > settled.size)) return
      settled = { event: attempt.event, size: places.length, isFirst }
    },
  }
}

/** The places of an event's records. */
export const placesOf = ({ records }: KafkaEvent): { partition: number; offset: number }[] =>
  Object.values(records).flatMap((list) => list.map(({ partition, offset }) => ({ partition, offset })))

/** Whether a process with this id lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
