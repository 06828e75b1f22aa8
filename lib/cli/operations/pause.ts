import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { ledgerOf } from './flight.js'
import { type Operated, type Present, withMappings } from './open.js'
import { type PauseOptions, timeouts } from './options.js'
import { type Patience, type Waited, waitFor } from './patience.js'
import { turn } from './turn.js'
import { type Fate, turnEach, unfinished } from './turns.js'

/** `millrace pause`: has mappings read no more, and with `--drain` waits until what they brought is settled, or will come again. */
export const pause: Command<PauseOptions> = (options, surroundings) =>
  withMappings(options, (operated) => {
    const { drain = false, timeout: timeoutSeconds = drain ? timeouts.drain : timeouts.turn } = options
    const telling = { event: 'paused', done: drain ? 'paused, with nothing in flight' : 'paused', timeoutSeconds }
    return turnEach(operated, telling, surroundings, (present, patience) =>
      paused(operated, present, patience, { drain }),
    )
  })

/** Disables a mapping; with `drain` nothing of it is in flight after that. */
export async function paused(
  operated: Operated,
  present: Present,
  patience: Patience,
  { drain }: { readonly drain: boolean },
): Promise<Fate> {
  const waited = await turn(operated.api, present, false, patience)
  if (waited.end !== 'done') return unfinished(operated, present, waited.end, 'not Disabled yet')
  const { before } = waited.value
  const [text, state] = [before ? 'is Disabled, as it was' : 'is Disabled', 'Disabled']
  if (!drain) return { ok: true, text, facts: { state, before } }
  const rest = await landed(operated, present, patience)
  if (rest.end !== 'done') return unfinished(operated, present, rest.end, 'something is in flight still')
  // Meanwhile somebody may have resumed it, or a deployment has: then nothing in flight just now means nothing.
  const { State: now = 'unknown' } = await operated.api.get(present.uuid)
  if (now !== 'Disabled')
    return { ok: false, text: `is ${now} again: somebody else enabled it meanwhile`, facts: { state: now, before } }
  const { open, pending } = rest.value
  const again = open + pending
  const left = again === 0 ? 'nothing waits' : `${counted(again, 'record')} will come again`
  return { ok: true, text: `${text}; nothing is in flight, ${left}`, facts: { state, before, open, pending } }
}

/** An invocation that Lambda had begun may not have claimed its records yet: its cold start takes less than so many milliseconds. */
const coldStartMs = 10_000

/** Waits until no invocation has a source partition of it any more. Those that died give theirs back by the end of their lease. */
export async function landed(
  { target }: Pick<Operated, 'target'>,
  { reads }: Pick<Present, 'reads'>,
  patience: Patience,
): Promise<Waited<Landed>> {
  const { clock } = patience
  // A local mapping is disabled when its invocations have ended.
  const quietMs = target.mappings.kind === 'local' ? 0 : coldStartMs
  let [version, since] = [-1, 0]
  return waitFor(async () => {
    const ledger = await ledgerOf(target, reads, clock)
    if (ledger.version !== version || ledger.claimed > 0) [version, since] = [ledger.version, clock.now()]
    return ledger.claimed === 0 && clock.now() - since >= quietMs ? ledger : undefined
  }, patience)
}

type Landed = Awaited<ReturnType<typeof ledgerOf>>
