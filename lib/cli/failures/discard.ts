import { type Clock, systemClock } from '../../clock.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { agreed, progressOf } from '../terminal.js'
import { exitCodes, note, type Voice } from '../voice.js'
import { each, type Fate, leaseMs, notTaken } from './chunk.js'
import { withFailures } from './open.js'
import type { ChangeOptions } from './options.js'
import { type About, goOn, nothingMatches, type Seen, selection } from './select.js'
import type { FailuresTable } from './table.js'

/** Envelopes deleted side by side. */
const atOnce = 25

/** `millrace failures discard`: deletes envelopes as they were listed; what was written anew meanwhile stays. */
export const discard: Command<ChangeOptions> = (options, { voice, stopping: { signal } }) =>
  withFailures(options, async ({ table, target }) => {
    const { dryRun = false, yes = false, ids } = options
    const { seen, all, more } = await selection(table, options, systemClock.now(), target.functions, signal)
    const what = `${all ? 'all ' : ''}${counted(seen.length, 'envelope')} of ${table.name}`
    if (seen.length === 0 && !all && !signal.aborted) note(options, nothingMatches(table))
    // Who names each has said what goes.
    const isSaid = yes || dryRun || seen.length === 0 || ids.length > 0
    const goesOn = await agreed(`Delete ${what}, bytes and all?`, { yes: isSaid, signal })
    const tools = { table, clock: systemClock, owner: systemClock.nonce() }
    const progress = progressOf(seen.length)
    const counts = { discarded: 0, gone: 0, refused: 0 }

    async function end(one: Seen): Promise<void> {
      const { id, group } = one
      if (dryRun) voice.say('would', `would discard ${id} of ${group}`, { id, group })
      const fate = dryRun ? undefined : await discardOne(one, tools)
      if (fate === undefined) counts.discarded++
      else if (fate.kind !== 'refused') counts.gone++
      else {
        counts.refused++
        voice.say('refused', `refused ${id} of ${group}: ${fate.error.message}`, {
          id,
          group,
          error: fate.error.message,
        })
      }
    }

    try {
      for (let i = 0; goesOn && i < seen.length && !signal.aborted; i += atOnce) {
        const chunk = seen.slice(i, i + atOnce)
        await each(chunk, end)
        progress.at(i + chunk.length)
      }
    } finally {
      // Also of what was done before the table failed.
      progress.end()
      told(voice, counts, { seen: seen.length, more, dryRun, interrupted: signal.aborted })
    }
    const isDone = counts.refused === 0 && counts.discarded + counts.gone === seen.length && !more
    return isDone ? exitCodes.ok : exitCodes.failed
  })

function told(
  voice: Voice,
  counts: { readonly discarded: number; readonly gone: number; readonly refused: number },
  { seen, more, dryRun, interrupted }: About,
): void {
  const { discarded, gone, refused } = counts
  const left = seen - discarded - gone - refused
  const parts = [
    `${dryRun ? 'would discard' : 'discarded'} ${counted(discarded, 'envelope')}`,
    ...(refused > 0 ? [`refused ${refused}`] : []),
    ...(left > 0 ? [`left ${left} as they were`] : []),
    ...(more ? [goOn] : []),
  ]
  const facts = { ...counts, left, more, dryRun, interrupted }
  voice.say('discarded', `${interrupted ? 'stopped: ' : ''}${parts.join(', ')}`, facts)
}

/** Undefined where it is deleted. */
async function discardOne(
  seen: Seen,
  tools: { readonly table: FailuresTable; readonly clock: Clock; readonly owner: string },
): Promise<Fate | undefined> {
  const { table, clock, owner } = tools
  const head = await table.claim(seen, owner, clock.now() + leaseMs)
  if (head === undefined) return notTaken(seen, tools)
  return (await table.remove({ ...seen, head }, owner)) ? undefined : notTaken(seen, tools)
}
