import { asError } from '../errors.js'
import type { OpenRecord } from '../ledger/index.js'
import type { Acknowledgement, Failure } from '../sink/index.js'
import type { Engine } from './engine.js'
import type { Hold } from './hold.js'

/** Has the sink write all records given up on, in one go, and all that were abandoned. A stale hold writes nothing. */
export async function acknowledge({ fallback }: Engine, holds: readonly Hold[], signal: AbortSignal): Promise<void> {
  const list = holds.filter(({ stale }) => !stale)
  const failures = list.flatMap((hold) => unacknowledged(hold).map((failure) => ({ hold, failure })))
  const given = await answersOf(failures, (all) =>
    fallback.write(
      all.map(({ failure }) => failure),
      signal,
    ),
  )
  for (const [{ hold, failure }, answer] of given) hold.acknowledged.set(failure.record, answer)
  const abandoned = list.flatMap((hold) => {
    const { topic, partition } = hold.claimed.partition
    return unreported(hold).map((entry) => ({ hold, entry: { ...entry, topic, partition } }))
  })
  const reported = await answersOf(abandoned, (all) =>
    fallback.abandon(
      all.map(({ entry }) => entry),
      signal,
    ),
  )
  for (const [{ hold, entry }, answer] of reported) if (answer.ok) hold.abandoned.push(entry.offset)
}

/** What its sink has not acknowledged yet. */
function unacknowledged({ verdicts, acknowledged }: Hold): Failure[] {
  const failures: Failure[] = []
  for (const [record, verdict] of verdicts)
    if (verdict.status === 'fallback' && !acknowledged.get(record)?.ok) failures.push(verdict.failure)
  return failures
}

/** Abandoned records that are not reported yet. */
const unreported = ({ claimed, abandoned }: Hold): OpenRecord[] =>
  claimed.abandoned.filter(({ offset }) => !abandoned.includes(offset))

/** A sink that throws, or answers too little, has not acknowledged; that is no breach of the handler's contract. */
async function answersOf<T>(
  list: readonly T[],
  write: (list: readonly T[]) => Promise<readonly Acknowledgement[]>,
): Promise<[T, Acknowledgement][]> {
  if (list.length === 0) return []
  let missing: Acknowledgement = { ok: false, error: new Error('no acknowledgement') }
  const answers = await write(list).catch((thrown: unknown): Acknowledgement[] => {
    missing = { ok: false, error: asError(thrown) }
    return []
  })
  return list.map((one, i) => [one, answers[i] ?? missing])
}
