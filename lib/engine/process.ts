import type { Batch, PartitionBatch, RawRecord, Unsettled } from '../event/index.js'
import { type Busy, type Claimed, type Holder, keptTime } from '../ledger/index.js'
import { type Deadline, watchDeadline } from './deadline.js'
import { logVerdict } from './decisions.js'
import type { Engine, Invocation } from './engine.js'
import { Hold } from './hold.js'
import { isolationOf } from './isolate.js'
import { Recorder } from './recorder.js'
import { runRecords, type Surroundings } from './run-records.js'

/**
 * How many records of a batch had which outcome. `skipped` were found settled, `pending` were not started or not recorded;
 * `abandoned` were open before it and not in it.
 */
export type Tally = Record<
  'records' | 'ok' | 'retry' | 'fallback' | 'drop' | 'skipped' | 'pending' | 'abandoned',
  number
>

/** What became of a batch. */
export interface Processed {
  /** All records that have to come again, by source partition. */
  readonly unsettled: readonly Unsettled[]
  readonly tally: Tally
}

/** One invocation. */
interface Shift {
  readonly engine: Engine
  readonly invocation: Invocation
  readonly holder: Holder
  readonly deadline: Deadline
  readonly recorder: Recorder
  readonly tally: Tally
}

/**
 * The way of a batch: claim, skip what is settled, run, have the sink acknowledge, settle (DESIGN §3).
 *
 * @throws MillraceError of the ledger's store, or the breach of contract that fails the batch and settles nothing (rule 9)
 */
export async function processBatch(batch: Batch, engine: Engine, invocation: Invocation): Promise<Processed> {
  const tally = { records: 0, ok: 0, retry: 0, fallback: 0, drop: 0, skipped: 0, pending: 0, abandoned: 0 }
  const deadline = watchDeadline(engine.clock, invocation)
  const holder = { owner: invocation.owner, deadline: engine.clock.now() + invocation.remainingMs() }
  const recorder = new Recorder(engine, holder, deadline.sinkSignal)
  const shift: Shift = { engine, invocation, holder, deadline, recorder, tally }
  tally.records = batch.partitions.reduce((sum, { records }) => sum + records.length, 0)
  try {
    return { unsettled: await claimAndWork(batch.partitions, shift), tally }
  } finally {
    deadline.end()
  }
}

async function claimAndWork(partitions: readonly PartitionBatch[], shift: Shift): Promise<Unsettled[]> {
  const { engine, invocation, holder, recorder, tally } = shift
  const unsettled: Unsettled[] = []
  let waiting = partitions
  while (waiting.length > 0) {
    const claims = await engine.ledger.claim(waiting, holder)
    const claimed = claims.filter((one) => one.kind === 'claimed')
    const busy = claims.filter((one) => one.kind === 'busy')
    // What is settled as one is claimed as one.
    if (engine.atomicity === 'batch' && busy.length > 0) {
      const holds = claimed.map((one) => new Hold(one, engine.order))
      await recorder.giveBack(holds, { ran: false })
    } else {
      if (claimed.length > 0)
        unsettled.push(
          ...(await work(
            claimed,
            shift,
            unsettled.some(({ offsets }) => offsets.length > 0),
          )),
        )
      waiting = busy.map(({ partition }) => partition)
    }
    if (busy.length > 0 && !(await leaseEnds(busy, engine, invocation))) {
      for (const { identifier, records } of waiting) {
        unsettled.push({ identifier, offsets: records.map(({ offset }) => offset) })
        tally.pending += records.length
      }
      return unsettled
    }
  }
  return unsettled
}

/** Waits for the first lease to end, with jitter, if the invocation has the time; whoever holds it may settle before. */
async function leaseEnds(busy: readonly Busy[], { clock, log }: Engine, invocation: Invocation): Promise<boolean> {
  const lease = Math.max(0, Math.min(...busy.map(({ leaseEnd }) => leaseEnd)) - clock.now())
  const wait = lease + Math.ceil(clock.random() * 250)
  const waits = invocation.remainingMs() - invocation.reserveMs > wait
  const fields = { partitions: busy.map(({ partition }) => partition.identifier), waitMs: wait, waits }
  log.info('busy: another invocation holds the lease', fields)
  if (waits) await clock.sleep(wait)
  return waits
}

/** Runs and settles what is claimed. Answers what of it has to come again. */
async function work(claims: readonly Claimed[], shift: Shift, failed: boolean): Promise<Unsettled[]> {
  const { engine, recorder, deadline } = shift
  const holds = claims.map((claimed) => new Hold(claimed, engine.order))
  for (const { claimed } of holds) if (claimed.recreated) logRecreated(claimed, engine)
  const checkpoint = () => void recorder.checkpoint(holds)
  const stopRenewing = every(engine, checkpoint)
  try {
    const surroundings = { engine, deadline, judged: counted(engine, checkpoint) }
    await isolate(holds, surroundings, recorder)
    await runRecords(
      holds.map((hold) => ({ hold, records: hold.claimed.todo.filter((record) => !hold.verdicts.has(record)) })),
      surroundings,
    )
  } catch (breach) {
    stopRenewing()
    // Given back with nothing more settled, so that the next delivery need not wait for the lease.
    await recorder
      .giveBack(holds, { ran: true })
      .catch((error: Error) =>
        engine.log.error('claims not given back: the next delivery waits for the lease', { reason: error.message }),
      )
    throw breach
  }
  stopRenewing()
  await recorder.settle(holds, failed)
  count(holds, shift)
  return holds.map((hold) => ({ identifier: hold.claimed.partition.identifier, offsets: leftOf(hold, engine) }))
}

/** Runs what a crash has made suspect: one chunk at a time in the whole invocation, under its marker (rule 7). */
async function isolate(holds: readonly Hold[], surroundings: Surroundings, recorder: Recorder): Promise<void> {
  const { engine, deadline } = surroundings
  for (const hold of holds) {
    const { todo, state } = hold.claimed
    for (const records of isolationOf(todo, state, engine.order)) {
      const due = records.filter((record) => hold.mayStart(record, engine.clock.now()))
      const [first] = due
      if (first === undefined || !deadline.mayStart()) continue
      await recorder.mark(hold, markerOf(first, due))
      await runRecords([{ hold, records: due }], surroundings)
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

/** What has to come again. A claim that has gone to somebody else has recorded nothing: all of it (rules 1 and 4). */
function leftOf({ claimed, settledAs }: Hold, { ledger }: Engine): number[] {
  if (settledAs !== undefined) {
    return settledAs.filter(({ disposition }) => disposition.kind !== 'settled').map(({ offset }) => offset)
  }
  return ledger.delivery === 'at-most-once' ? [] : claimed.partition.records.map(({ offset }) => offset)
}

function count(holds: readonly Hold[], { engine: { log }, tally }: Shift): void {
  for (const { claimed, verdicts, acknowledged, abandoned } of holds) {
    const { topic, partition } = claimed.partition
    tally.skipped += claimed.partition.records.length - claimed.todo.length
    tally.abandoned += abandoned.length
    for (const offset of abandoned) log.error('abandoned', { topic, partition, offset })
    for (const record of claimed.todo) {
      const verdict = verdicts.get(record)
      if (verdict === undefined) tally.pending++
      else tally[logVerdict(log, record, verdict, acknowledged.get(record))]++
    }
  }
}

const logRecreated = ({ partition: { topic, partition } }: Claimed, { log }: Engine) =>
  log.error('recreated: the topic is not the one that the ledger knows; its former state is put aside', {
    topic,
    partition,
  })
