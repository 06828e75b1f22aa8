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
import { timeText } from './time.js'

const head = ['ID', 'GROUP', 'FUNCTION', 'FAILED AT', 'RULE', 'ATTEMPTS', 'LAST FAILED', 'WHY']

/** So many are read before the first one is said. */
const firstOnes = 100

/** `millrace failures list`: what was given up on, without its bytes. */
export const list: Command<FailuresOptions> = (options, { voice, stopping: { signal } }) =>
  withFailures(options, async ({ table, target, place }) => {
    const filter = filterOf(options, [], systemClock.now(), target.functions)
    const line = columns(...head.map((name) => name.length))
    // The first ones wait for each other: by them the columns get their widths.
    let waiting: Listed[] | undefined = []
    const begin = () => {
      for (const listed of waiting ?? []) line(cells(listed))
      if (waiting && waiting.length > 0 && !options.json) voice.say('head', line(head))
      for (const listed of waiting ?? []) voice.say('failure', line(cells(listed)), facts(listed))
      waiting = undefined
    }
    let count = 0
    for await (const listed of matching(table, filter, signal)) {
      count++
      if (waiting === undefined) voice.say('failure', line(cells(listed)), facts(listed))
      else if (waiting.push(listed) === firstOnes) begin()
    }
    begin()
    const { aborted: interrupted } = signal
    const which = `${counted(count, 'record')} given up on, in ${table.name} (${place})`
    voice.say('listed', `${interrupted ? 'stopped: ' : ''}${which}`, { count, table: table.name, interrupted })
    return count > 0 || interrupted ? exitCodes.failed : exitCodes.ok
  })

function cells({ id, group, about, error }: Listed): string[] {
  if (!about) return [id, group, '?', '?', '?', '?', '?', cut(error?.message ?? '', 120)]
  const { stage, rule, attempts, reason } = about
  const why = about.error && about.error.name !== 'MillraceError' ? `${about.error.name}: ${reason}` : reason
  return [id, group, about.function, stage, rule, String(attempts), timeText(about.lastSeen), cut(why, 100)]
}

const facts = ({ id, group, about, error }: Listed): object => about ?? { id, group, unreadable: error?.message }
