import type { Clock } from '../clock.js'
import { MillraceError } from '../errors.js'

/** So many times a write is decided anew: against rivals that keep winning, or a store that keeps losing answers. */
const maxRounds = 8

/**
 * Repeats until nothing is left. Each round is given what the one before it has left, and answers what it leaves.
 *
 * @throws MillraceError `ML_STORE_UNREACHABLE` when rounds run out; what the rounds throw
 */
export async function inRounds<T>(
  clock: Clock,
  all: readonly T[],
  round: (left: readonly T[]) => Promise<readonly T[]>,
): Promise<void> {
  let left = all
  for (let n = 0; n < maxRounds && left.length > 0; n++) {
    // The first repeat comes at once: as a rule it has only found out whose a key is.
    if (n > 1) await clock.sleep(Math.ceil(clock.random() * 20 * 2 ** n))
    left = await round(left)
  }
  if (left.length === 0) return
  throw new MillraceError(
    'ML_STORE_UNREACHABLE',
    `${left.length} writes of idempotency keys were not acknowledged in ${maxRounds} tries: the ledger table is throttled or ` +
      'does not answer; raise its capacity, or look at its health',
  )
}
