import { MillraceError } from '../../errors.js'
import type { Configuration, MappingsApi } from './lambda.js'
import { nameOf, type Present } from './open.js'
import { type Patience, type Waited, waitFor } from './patience.js'

/** A mapping that is as it was wanted, with whether it was so before. */
export interface Turned {
  readonly configuration: Configuration
  readonly before: boolean
}

/** Lambda may tell for a moment what was so before: it is asked again after so many milliseconds, and so often. */
const [againMs, asks] = [5_000, 3]

/**
 * Enables or disables a mapping, and waits until it is so. One that is being changed is waited for.
 *
 * @throws MillraceError `ML_MAPPING_MISSING`, `ML_LAMBDA_FAILED`; `ML_MAPPING_STUCK` where it went back to what it was
 */
export async function turn(
  api: MappingsApi,
  { uuid, reads }: Present,
  enabled: boolean,
  patience: Patience,
): Promise<Waited<Turned>> {
  const [wanted, other] = enabled ? ['Enabled', 'Disabled'] : ['Disabled', 'Enabled']
  const { clock, signal } = patience
  let [asked, askedAt] = [0, 0]
  return waitFor(async () => {
    const configuration = await api.get(uuid)
    const { State: state, StateTransitionReason: reason = 'no reason given' } = configuration
    if (state === wanted) return { configuration, before: asked === 0 }
    // Whoever wants no more, wants nothing changed either.
    if (state !== other || signal.aborted || clock.now() < askedAt + againMs) return undefined
    if (asked === asks)
      throw new MillraceError(
        'ML_MAPPING_STUCK',
        `the mapping of ${nameOf(reads)} was to be ${wanted}, and is ${other} again: ${reason}; mend that, and run this again`,
      )
    if (await api.turn(uuid, enabled)) [asked, askedAt] = [asked + 1, clock.now()]
    return undefined
  }, patience)
}
