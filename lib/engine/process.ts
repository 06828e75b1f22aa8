import { asError } from '../errors.js'
import type { Batch, PartitionBatch, RawRecord, Unsettled } from '../event/index.js'
import { type Busy, type Claimed, type Disposed, type Disposition, isCovered, keptTime } from '../ledger/index.js'
import type { Acknowledgement } from '../sink/index.js'
import { type Deadline, watchDeadline } from './deadline.js'
import { logVerdict } from './decisions.js'
import type { Engine, Invocation } from './engine.js'
import { runRecords, type Work } from './run-records.js'
import type { Verdict } from './verdict.js'

/** How many records of a batch had which outcome. `skipped` were found settled, `pending` were not started or not recorded. */
export type Tally = Record<'records' | 'ok' | 'retry' | 'fallback' | 'drop' | 'skipped' | 'pending', number>

/** What became of a batch. */
export interface Processed {
  /** All records that have to come again, by source partition. */
  readonly unsettled: readonly Unsettled[]
  readonly tally: Tally
}

/** Verdicts of one invocation with what the sink said of those it got. */
interface Judged {
  readonly verdicts: ReadonlyMap<RawRecord, Verdict>
  readonly acknowledged: ReadonlyMap<RawRecord, Acknowledgement>
}

/**
 * The way of a batch: claim, skip what is settled, run, have the sink acknowledge, settle (DESIGN §3).
 *
 * @throws MillraceError of the ledger's store, or the breach of contract that fails the batch and settles nothing (rule 9)
 */
export async function processBatch(batch: Batch, engine: Engine, invocation: Invocation): Promise<Processed> {
  const tally: Tally = { records: 0, ok: 0, retry: 0, fallback: 0, drop: 0, skipped: 0, pending: 0 }
  const unsettled: Unsettled[] = []
  const deadline = watchDeadline(engine.clock, invocation)
  const report = ({ identifier, records }: PartitionBatch) => {
    unsettled.push({ identifier, offsets: records.map(({ offset }) => offset) })
    tally.pending += records.length
  }
  try {
    let waiting = batch.partitions
    while (waiting.length > 0) {
      const claims = await engine.ledger.claim(waiting, invocation.owner)
      const claimed = claims.filter((one) => one.kind === 'claimed')
      const busy = claims.filter((one) => one.kind === 'busy')
      if (claimed.length > 0) unsettled.push(...(await work(claimed, engine, invocation, deadline, tally)))
      waiting = busy.map(({ partition }) => partition)
      if (waiting.length > 0 && !(await leaseEnds(busy, engine, invocation))) {
        for (const partition of waiting) report(partition)
        break
      }
    }
  } finally {
    deadline.end()
  }
  tally.records = batch.partitions.reduce((sum, { records }) => sum + records.length, 0)
  return { unsettled, tally }
}

/** Waits for the first lease to end, with jitter, if the invocation has the time; whoever holds it may settle before. */
async function leaseEnds(busy: readonly Busy[], { clock, log }: Engine, invocation: Invocation): Promise<boolean> {
  const wait =
    Math.max(0, Math.min(...busy.map(({ leaseEnd }) => leaseEnd)) - clock.now()) + Math.ceil(clock.random() * 250)
  const waits = invocation.remainingMs() - invocation.reserveMs > wait
  const fields = { partitions: busy.map(({ partition }) => partition.identifier), waitMs: wait, waits }
  log.info('busy: another invocation holds the lease', fields)
  if (waits) await clock.sleep(wait)
  return waits
}

async function work(
  claims: readonly Claimed[],
  engine: Engine,
  invocation: Invocation,
  deadline: Deadline,
  tally: Tally,
): Promise<Unsettled[]> {
  const todo = claims.map((claimed): Work => {
    const { settled } = claimed.state
    return { claimed, todo: claimed.partition.records.filter(({ offset }) => !isCovered(settled, offset)) }
  })
  let judged: Judged
  try {
    const verdicts = await runRecords(todo, engine, deadline)
    judged = { verdicts, acknowledged: await acknowledge(verdicts, engine, deadline) }
  } catch (breach) {
    // The claims are given back with nothing settled, so that the next delivery need not wait for the lease.
    await settleAll(todo, { verdicts: new Map(), acknowledged: new Map() }, engine, invocation).catch((error: Error) =>
      engine.log.error('claims not given back: the next delivery waits for the lease', { reason: error.message }),
    )
    throw breach
  }
  const unsettled = await settleAll(todo, judged, engine, invocation)
  count(todo, judged, engine, tally)
  return unsettled
}

/** Has the fallback sink write all records given up on, in one go. */
async function acknowledge(
  verdicts: ReadonlyMap<RawRecord, Verdict>,
  { fallback }: Engine,
  { sinkSignal }: Deadline,
): Promise<ReadonlyMap<RawRecord, Acknowledgement>> {
  const failures = [...verdicts.values()].flatMap((verdict) => (verdict.status === 'fallback' ? [verdict.failure] : []))
  if (failures.length === 0) return new Map()
  // A sink that throws has acknowledged nothing; that is no breach of the handler's contract.
  const acknowledgements = await fallback.write(failures, sinkSignal).catch((thrown: unknown) => {
    const error = asError(thrown)
    return failures.map((): Acknowledgement => ({ ok: false, error }))
  })
  return new Map(
    failures.map(({ record }, i) => [
      record,
      acknowledgements[i] ?? { ok: false, error: new Error('no acknowledgement') },
    ]),
  )
}

async function settleAll(
  all: readonly Work[],
  judged: Judged,
  { ledger }: Engine,
  { owner }: Invocation,
): Promise<Unsettled[]> {
  const settlements = all.map(({ claimed, todo }) => ({ claimed, records: dispose(claimed, todo, judged) }))
  const results = await ledger.settle(settlements, owner)
  return settlements.map(({ claimed: { partition }, records }, i) => {
    // A claim that has gone to somebody else has recorded nothing: all of it is reported (rules 1 and 4).
    const left = records.filter(({ disposition }) => results[i] !== 'settled' || disposition.kind !== 'settled')
    return { identifier: partition.identifier, offsets: left.map(({ offset }) => offset) }
  })
}

function dispose({ partition }: Claimed, todo: readonly RawRecord[], judged: Judged): Disposed[] {
  const unsettled = new Set(todo)
  return partition.records.map((record) => {
    const disposition: Disposition = unsettled.has(record) ? dispositionOf(record, judged) : { kind: 'settled' }
    return { offset: record.offset, timestamp: keptTime(record.timestamp), disposition }
  })
}

function dispositionOf(record: RawRecord, { verdicts, acknowledged }: Judged): Disposition {
  const verdict = verdicts.get(record)
  if (verdict === undefined) return { kind: 'pending' }
  if (verdict.status === 'ok' || verdict.status === 'drop') return { kind: 'settled' }
  if (verdict.status === 'fallback' && acknowledged.get(record)?.ok) return { kind: 'settled' }
  const { attempts, firstSeen, stage } = verdict.failure
  const { offset } = record
  const timestamp = keptTime(record.timestamp)
  // Poison is found again by decoding it again; a handler's verdict is kept, lest it run behind records that followed it.
  const givenUp = verdict.status === 'fallback' && stage === 'process'
  return { kind: 'open', entry: { offset, timestamp, attempts, firstSeen, givenUp, deaths: 0, notBefore: 0 } }
}

function count(all: readonly Work[], { verdicts, acknowledged }: Judged, { log }: Engine, tally: Tally): void {
  for (const { claimed, todo } of all) {
    tally.skipped += claimed.partition.records.length - todo.length
    for (const record of todo) {
      const verdict = verdicts.get(record)
      if (verdict === undefined) tally.pending++
      else tally[logVerdict(log, record, verdict, acknowledged.get(record))]++
    }
  }
}
