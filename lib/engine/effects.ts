import { MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Committed, Disposed, Progress, Recorded } from '../ledger/index.js'
import { type Chunk, chunkOf, problemOf, writesOf } from './chunks.js'
import type { Engine, Failed } from './engine.js'
import type { Hold } from './hold.js'
import { judge } from './verdict.js'

/** What commits need beside the holds. */
export interface Committing {
  readonly engine: Engine
  /** What a write records of a hold, with these dispositions; `final` gives the claim back. */
  progress(hold: Hold, records: readonly Disposed[], final: boolean): Progress
  commit(holds: readonly Hold[], progress: readonly Progress[], chunk: Chunk): Promise<Committed>
  acknowledge(holds: readonly Hold[]): Promise<void>
  /** The time for it is over: what is left of the invocation is for settling. */
  isOver(): boolean
}

/**
 * Commits the effects of a hold, as many records at a time as one transaction takes; the last gives the claim back if `final`.
 * What cannot be committed now, or not in time, waits for the next delivery.
 */
export async function commitInChunks(committing: Committing, hold: Hold, final: boolean): Promise<void> {
  let singles = 0
  while (hold.effects.size > 0 && !hold.stale && !committing.isOver()) {
    const chunk = chunkOf(hold, committing.engine.order, singles-- > 0)
    if (chunk.size === 0) return
    const last = final && chunk.size === hold.effects.size
    const records = hold.dispositions(chunk)
    const result = await committing.commit([hold], [committing.progress(hold, records, last)], chunk)
    if (result.kind === 'denied' || result.kind === 'contended') return comesAgain(committing, result)
    if (result.kind === 'invalid' && chunk.size > 1) singles = chunk.size
    else if (result.kind === 'refused' || result.kind === 'invalid') await revoke(committing, [hold], chunk, result)
    else {
      committed(committing, hold, result, records, last)
      for (const record of chunk.keys()) hold.effects.delete(record)
    }
  }
}

/** Settles holds that succeed or fail as one, their effects included (K-03). Those that cannot be settled keep their failures. */
export async function commitWhole(committing: Committing, holds: readonly Hold[], transaction: boolean): Promise<void> {
  const effects = (): Chunk => new Map(holds.flatMap((hold) => [...hold.effects]))
  for (let chunk = effects(); holds.every((hold) => hold.isComplete(chunk)); chunk = effects()) {
    const writes = writesOf(chunk).length
    if (writes === 0 && !transaction) return
    requireOne(chunk, holds.length)
    const recorded = holds.map((hold) => hold.dispositions(chunk))
    const progress = holds.map((hold, i) => committing.progress(hold, recorded[i] ?? [], true))
    const result = await committing.commit(holds, progress, chunk)
    if (result.kind === 'denied' || result.kind === 'contended') {
      comesAgain(committing, result)
      break
    }
    if (result.kind === 'refused' || result.kind === 'invalid') await revoke(committing, holds, chunk, result)
    else {
      for (const [i, hold] of holds.entries()) committed(committing, hold, result, recorded[i] ?? [], true)
      return
    }
  }
  for (const hold of holds) hold.fail()
}

/** What was to be committed comes again, at no attempt's cost. @throws MillraceError where no other try would change it */
function comesAgain(
  { engine }: Committing,
  { kind, cause }: Extract<Committed, { kind: 'denied' | 'contended' }>,
): void {
  if (kind === 'denied') throw cause
  engine.log.warn('not committed: other transactions had the same items each time', { reason: cause.message })
}

/** Where it is not known whether it was applied, nothing more is: another transaction could make the same effects again. */
function committed(
  { engine: { clock } }: Committing,
  hold: Hold,
  result: Recorded,
  records: readonly Disposed[],
  final: boolean,
): void {
  if (result.kind !== 'written') hold.lose()
  else if (final) hold.settledAs = records
  else hold.follow(result, records, clock.now())
}

/** The records whose writes were refused fail; the others are tried without them. */
async function revoke(
  { engine, acknowledge }: Committing,
  holds: readonly Hold[],
  chunk: Chunk,
  result: Extract<Committed, { kind: 'refused' | 'invalid' }>,
): Promise<void> {
  const owners = [...chunk].flatMap(([record, writes]) => writes.map(() => record))
  const errors = new Map(
    result.kind === 'invalid'
      ? owners.map((record) => [record, result.cause])
      : result.failures.flatMap(({ index, cause }) => owners.slice(index, index + 1).map((record) => [record, cause])),
  )
  for (const [record, error] of errors) failAfterwards(engine, holds, record, error)
  await acknowledge(holds)
}

/** Fails a record whose handler had returned. What was refused ahead of it in its lane may have taken its verdict along. */
export function failAfterwards(
  { policy, clock: { now, random } }: Engine,
  holds: readonly Hold[],
  record: RawRecord,
  error: Error,
  { stage, hopeless }: Pick<Failed, 'stage' | 'hopeless'> = { stage: 'process' },
): void {
  const hold = holds.find(({ verdicts }) => verdicts.has(record))
  const entry = hold?.entries.get(record)
  const end = { record, entry, attempt: (entry?.attempts ?? 0) + 1, policy, now, random }
  hold?.revoke(record, judge({ status: 'failed', stage, error, ...(hopeless && { hopeless }) }, end))
}

/** @throws MillraceError `ML_TRANSACTION_LIMIT` where one transaction cannot hold all of it, whoever tries */
function requireOne(chunk: Chunk, partitions: number): void {
  const problem = problemOf(chunk, partitions)
  if (problem === undefined) return
  throw new MillraceError(
    'ML_TRANSACTION_LIMIT',
    `atomicity would need one transaction that ${problem}; lower the batch size, or let atomicity be 'record'`,
  )
}
