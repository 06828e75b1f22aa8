import type { RawRecord, Unsettled } from '../event/index.js'
import { type Claimed, type Holder, keptTime } from '../ledger/index.js'
import { type Account, accountFor } from './account.js'
import type { Deadline } from './deadline.js'
import type { Engine, Invocation } from './engine.js'
import { Hold } from './hold.js'
import { isolationOf } from './isolate.js'
import { reserveKeys } from './keys.js'
import type { Recorder } from './recorder.js'
import { runRecords, type Surroundings } from './run-records.js'
import { Waits } from './waits.js'

/** One invocation. */
export interface Shift extends Account {
  readonly engine: Engine
  readonly invocation: Invocation
  readonly holder: Holder
  readonly deadline: Deadline
  readonly recorder: Recorder
  /** Epoch ms at which the first is due of what was left because it is not due in its time; Infinity: nothing was. */
  leftUntil: number
  /** Epoch ms before which the fallback is not tried again with what it has not acknowledged; Infinity: it has all. */
  fallbackUntil: number
}

/** Runs and settles what is claimed. Answers what of it has to come again. */
export async function work(claims: readonly Claimed[], shift: Shift): Promise<Unsettled[]> {
  const { engine, recorder, deadline } = shift
  const holds = claims.map((claimed) => new Hold(claimed, engine.order))
  for (const { claimed } of holds) if (claimed.recreated) logRecreated(claimed, engine)
  const checkpoint = () => void recorder.checkpoint(holds)
  const stopRenewing = every(engine, checkpoint)
  try {
    const keys = await reserveKeys(engine, holds)
    const surroundings = { engine, deadline, keys, judged: counted(engine, checkpoint) }
    await isolate(holds, surroundings, recorder)
    await runRecords(
      holds.map((hold) => ({ hold, records: hold.unjudged() })),
      { ...surroundings, waits: new Waits(engine, deadline, recorder, holds) },
    )
    await recorder.handOver(holds)
    stopRenewing()
    await recorder.settle(holds)
  } catch (breach) {
    stopRenewing()
    // Given back with nothing more settled, so that the next delivery need not wait for the lease.
    await recorder
      .giveBack(holds)
      .catch((error: Error) =>
        engine.log.error('claims not given back: the next delivery waits for the lease', { reason: error.message }),
      )
    throw breach
  }
  const settledAt = engine.clock.now()
  await tellSettled(holds, engine)
  return holds.map((hold) => {
    accountFor(hold, settledAt, engine, shift)
    const offsets = leftOf(hold, engine)
    shift.leftUntil = Math.min(shift.leftUntil, hold.leftUntil)
    shift.fallbackUntil = Math.min(shift.fallbackUntil, fallbackDue(hold, new Set(offsets), engine))
    return { identifier: hold.claimed.partition.identifier, offsets }
  })
}

/** When the fallback is tried again: after as long as it has not acknowledged, from the first to the longest interval of retries. */
function fallbackDue(
  { verdicts, acknowledged }: Hold,
  left: ReadonlySet<number>,
  { policy: { retry }, clock }: Engine,
): number {
  let due = Number.POSITIVE_INFINITY
  if (left.size === 0) return due
  const now = clock.now()
  for (const [record, verdict] of verdicts) {
    // What it has, and is left with others that are to be settled with it, waits for those.
    const isRefused = acknowledged.get(record)?.ok === false
    if (verdict.status !== 'fallback' || !isRefused || !left.has(record.offset)) continue
    due = Math.min(due, now + Math.min(retry.capMs, Math.max(retry.intervalMs, now - verdict.failure.firstSeen)))
  }
  return due
}

/** Runs what a crash has made suspect: one chunk at a time in the whole invocation, under its marker (rule 7). */
async function isolate(holds: readonly Hold[], surroundings: Surroundings, recorder: Recorder): Promise<void> {
  const { engine, deadline } = surroundings
  for (const hold of holds) {
    const { todo, state } = hold.claimed
    for (const records of isolationOf(todo, state, engine.order)) {
      const now = engine.clock.now()
      const due = records.filter((record) => {
        if (!hold.mayStart(record, now)) return false
        const isDue = hold.entries.dueAt(record) <= now
        // Nothing waits under a marker.
        if (!isDue) hold.leave(record)
        return isDue
      })
      const [first] = due
      if (first !== undefined && deadline.mayStart(now)) {
        await recorder.mark(hold, markerOf(first, due))
        await runRecords([{ hold, records: due }], surroundings)
      }
      // What could not be run alone is not run at all.
      for (const record of records) if (!hold.verdicts.has(record)) hold.block(record)
    }
    if (hold.marker !== null) await recorder.mark(hold, null)
  }
}

const markerOf = (first: RawRecord, records: readonly RawRecord[]) => ({
  from: first.offset,
  to: records.at(-1)?.offset ?? first.offset,
  timestamp: keptTime(first.timestamp),
})

/** A checkpoint each third of the lease, which renews it; batches that end before need none. */
function every({ clock, ledger }: Engine, callback: () => void): () => void {
  let cancel = () => {}
  const next = () => {
    cancel = clock.after(ledger.leaseMs / 3, () => {
      callback()
      next()
    })
  }
  next()
  return () => cancel()
}

function counted({ checkpointRecords }: Engine, callback: () => void): () => void {
  let judged = 0
  return () => {
    if (++judged % checkpointRecords === 0) callback()
  }
}

async function tellSettled(holds: readonly Hold[], { settled, log }: Engine): Promise<void> {
  if (settled === undefined) return
  const records = holds.flatMap(({ claimed: { todo }, settledAs, verdicts }) => {
    const offsets = new Set(
      settledAs?.flatMap(({ offset, disposition }) => (disposition.kind === 'settled' ? [offset] : [])),
    )
    return todo.filter((record) => offsets.has(record.offset) && verdicts.get(record)?.status === 'ok')
  })
  await settled(records).catch((error: Error) => log.warn('first results not kept', { reason: error.message }))
}

/** What has to come again. A claim that has gone to somebody else has recorded nothing: all of it (rules 1 and 4). */
function leftOf({ claimed, settledAs }: Hold, { ledger }: Engine): number[] {
  if (settledAs !== undefined) {
    return settledAs.filter(({ disposition }) => disposition.kind !== 'settled').map(({ offset }) => offset)
  }
  return ledger.delivery === 'at-most-once' ? [] : claimed.partition.records.map(({ offset }) => offset)
}

const logRecreated = ({ partition: { topic, partition } }: Claimed, { log }: Engine) =>
  log.error('recreated: the topic is not the one that the ledger knows; its former state is put aside', {
    topic,
    partition,
  })
