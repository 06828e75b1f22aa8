import type { RawRecord } from '../event/index.js'
import { type Claimed, keptTime, type OpenRecord } from '../ledger/index.js'
import type { Deadline } from './deadline.js'
import type { Engine } from './engine.js'
import { type Lane, lanesOf, runLanes } from './lanes.js'
import { cutOff, judge, stillGivenUp, type Verdict } from './verdict.js'

/** Records with the open entries that the ledger has of them. */
export interface Work {
  readonly claimed: Claimed
  /** What is not settled yet, offsets rising. */
  readonly todo: readonly RawRecord[]
}

/**
 * Runs the records of all claimed source partitions, lanes side by side, until all are judged or time is up.
 * A record without a verdict was never started.
 *
 * @throws what `engine.handle` throws: a breach of contract, after what is under way has ended
 */
export async function runRecords(
  work: readonly Work[],
  engine: Engine,
  deadline: Deadline,
): Promise<ReadonlyMap<RawRecord, Verdict>> {
  const verdicts = new Map<RawRecord, Verdict>()
  const underWay = new Map<RawRecord, OpenRecord | undefined>()
  const entries = openEntries(work)
  let breach: unknown
  let closed = false

  async function run(record: RawRecord): Promise<boolean> {
    const entry = entries.get(record)
    underWay.set(record, entry)
    let verdict: Verdict
    try {
      verdict = await runRecord(record, entry, engine, deadline)
    } catch (error) {
      breach ??= error
      return false
    }
    // What ends after the cut-off has been judged already.
    if (closed) return false
    underWay.delete(record)
    verdicts.set(record, verdict)
    return verdict.status !== 'retry'
  }

  const mayStart = () => !closed && breach === undefined && deadline.mayStart()
  const lanes = interleave(work.map(({ todo }) => lanesOf(todo, engine.order)))
  await Promise.race([runLanes(lanes, engine.concurrency, run, mayStart), deadline.cutOff])
  closed = true
  if (breach !== undefined) throw breach
  for (const [record, entry] of underWay) verdicts.set(record, cutOff(runEnd(record, entry, engine)))
  return verdicts
}

async function runRecord(
  record: RawRecord,
  entry: OpenRecord | undefined,
  engine: Engine,
  { signal }: Deadline,
): Promise<Verdict> {
  if (entry?.givenUp) return stillGivenUp(record, entry, engine.clock.now())
  const attempt = attemptOf(entry)
  const result = await engine.handle(record, { attempt, lastAttempt: attempt >= engine.attempts, signal })
  return judge(result, runEnd(record, entry, engine))
}

function runEnd(record: RawRecord, entry: OpenRecord | undefined, { attempts, clock }: Engine) {
  return { record, entry, attempt: attemptOf(entry), attempts, now: clock.now() }
}

const attemptOf = (entry: OpenRecord | undefined): number => (entry?.attempts ?? 0) + 1

/** The entry of each record that has one; one whose timestamp differs speaks of another incarnation. */
function openEntries(work: readonly Work[]): ReadonlyMap<RawRecord, OpenRecord> {
  const entries = new Map<RawRecord, OpenRecord>()
  for (const { claimed, todo } of work) {
    if (claimed.state.open.length === 0) continue
    const open = new Map(claimed.state.open.map((entry) => [entry.offset, entry]))
    for (const record of todo) {
      const entry = open.get(record.offset)
      if (entry?.timestamp === keptTime(record.timestamp)) entries.set(record, entry)
    }
  }
  return entries
}

/** One lane of each source partition in turn, so that a slow partition does not delay the others (E-06). */
function interleave(partitions: readonly (readonly Lane[])[]): Lane[] {
  const longest = Math.max(0, ...partitions.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => partitions.flatMap((lanes) => lanes.slice(i, i + 1))).flat()
}
