import { systemClock } from '../../clock.js'
import { columns, cut } from '../columns.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { exitCodes } from '../voice.js'
import { filterOf } from './filter.js'
import { withFailures } from './open.js'
import type { FailuresOptions } from './options.js'
import { matching } from './select.js'
import type { Listed } from './table.js'

/** `millrace failures list`: what was given up on, without its bytes. */
export const list: Command<FailuresOptions> = (options, { voice }) =>
  withFailures(options, async ({ table, place }) => {
    const filter = filterOf(options, [], systemClock.now())
    const line = columns(24, 12, 8, 10, 8, 24)
    let count = 0
    for await (const listed of matching(table, filter)) {
      if (count++ === 0 && !options.json)
        voice.say('head', line(['ID', 'FUNCTION', 'STAGE', 'RULE', 'ATTEMPTS', 'LAST FAILED', 'WHY']))
      voice.say('failure', line(cells(listed)), facts(listed))
    }
    voice.say('listed', `${counted(count, 'record')} given up on, in ${table.name} (${place})`, {
      count,
      table: table.name,
    })
    return count > 0 ? exitCodes.failed : exitCodes.ok
  })

function cells({ id, about, error }: Listed): string[] {
  if (!about) return [id, '?', '?', '?', '?', '?', cut(error?.message ?? '', 120)]
  const { stage, rule, attempts, reason } = about
  const last = new Date(about.lastSeen).toISOString()
  const why = about.error ? `${about.error.name}: ${reason}` : reason
  return [id, about.function, stage, rule, String(attempts), last, cut(why, 100)]
}

const facts = ({ id, about, error }: Listed): object => about ?? { id, unreadable: error?.message }
