import { type Clock, systemClock } from '../../clock.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { agreed, progressOf } from '../terminal.js'
import { exitCodes } from '../voice.js'
import { type Fate, leaseMs, notTaken } from './chunk.js'
import { withFailures } from './open.js'
import type { ChangeOptions } from './options.js'
import { type Seen, selection } from './select.js'
import type { FailuresTable } from './table.js'

/** Envelopes deleted side by side. */
const atOnce = 25

/** `millrace failures discard`: deletes envelopes as they were listed; what was written anew meanwhile stays. */
export const discard: Command<ChangeOptions> = (options, { voice, stopping }) =>
  withFailures(options, async ({ table, target }) => {
    const { signal } = stopping
    const { dryRun = false, yes = false } = options
    const { seen, all, more } = await selection(table, options, systemClock.now(), target.functions)
    const what = `${all ? 'all ' : ''}${counted(seen.length, 'envelope')} of ${table.name}`
    const goesOn = dryRun || seen.length === 0 || (await agreed(`Delete ${what}, bytes and all?`, { yes, signal }))
    const tools = { table, clock: systemClock, owner: systemClock.nonce() }
    const progress = progressOf(seen.length)
    let [discarded, gone, refused, done] = [0, 0, 0, 0]
    for (let i = 0; goesOn && i < seen.length && !signal.aborted; i += atOnce) {
      const chunk = seen.slice(i, i + atOnce)
      const fates = dryRun ? chunk.map(() => undefined) : await Promise.all(chunk.map((one) => discardOne(one, tools)))
      for (const [n, fate] of fates.entries()) {
        const id = chunk[n]?.id
        if (dryRun) voice.say('would', `would discard ${id}`, { id })
        if (fate === undefined) discarded++
        else if (fate.kind !== 'refused') gone++
        else {
          refused++
          voice.say('refused', `refused: ${fate.error.message}`, { id, error: fate.error.message })
        }
      }
      done += chunk.length
      progress.at(done)
    }
    progress.end()
    const left = seen.length - done + (more ? 1 : 0)
    const rest = `${refused > 0 ? `, refused ${refused}` : ''}${left > 0 ? `, left ${left} as they were` : ''}`
    voice.say('discarded', `${dryRun ? 'would discard' : 'discarded'} ${counted(discarded, 'envelope')}${rest}`, {
      ...{ discarded, gone, refused, left, dryRun, interrupted: signal.aborted },
    })
    return refused > 0 || left > 0 ? exitCodes.failed : exitCodes.ok
  })

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
