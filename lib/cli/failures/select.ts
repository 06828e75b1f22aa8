import type { StackFunction } from '../../deployment/index.js'
import { MillraceError } from '../../errors.js'
import { usage } from '../voice.js'
import { hand, type Key, told } from './conditions.js'
import { type Filter, type FilterOptions, filterOf } from './filter.js'
import type { FailuresTable, Item, Listed } from './table.js'

/** Envelopes that one run changes at most: they are kept in memory from the question to the end. */
const mostAtOnce = 100_000

/** An envelope as it was seen, with as little of it as tells whether it changed. */
export interface Seen {
  /** `topic:partition:offset`. */
  readonly id: string
  /** Consumer group that gave it up. */
  readonly group: string
  readonly key: Key
  readonly head: Item
}

/** What a command is to change. */
export interface Selection {
  readonly seen: readonly Seen[]
  /** Whether nothing was said of which. */
  readonly all: boolean
  /** Whether there may be more: there are too many for one run, or somebody asked for an end. */
  readonly more: boolean
}

/** What a command was about, for what it says in the end. */
export interface About {
  /** How many envelopes. */
  readonly seen: number
  readonly more: boolean
  readonly dryRun: boolean
  readonly interrupted: boolean
}

/** Said where there may be more. */
export const goOn = 'there may be more: run it again'

/** The envelopes that are meant, as long as nobody asks for an end. */
export async function* matching(table: FailuresTable, filter: Filter, signal?: AbortSignal): AsyncGenerator<Listed> {
  for await (const listed of table.list(signal)) if (filter.matches(listed.id, listed.about)) yield listed
}

/** @param now epoch ms @throws MillraceError `ML_USAGE`, `ML_ENVELOPE_MISSING` for an id that is not there */
export async function selection(
  table: FailuresTable,
  options: FilterOptions & { readonly ids: readonly string[] },
  now: number,
  functions: readonly StackFunction[] = [],
  signal?: AbortSignal,
): Promise<Selection> {
  const filter = filterOf(options, options.ids, now, functions)
  const seen: Seen[] = []
  let more = false
  for await (const listed of matching(table, filter, signal)) {
    more = seen.length === mostAtOnce
    if (more) break
    seen.push(little(listed))
  }
  if (signal?.aborted) return { seen, all: filter.all, more: true }
  const missing = options.ids.find((id) => !seen.some((one) => one.id === id))
  if (missing !== undefined) throw noEnvelope(missing, table)
  for (const id of options.ids) checkGroups(id, seen)
  return { seen, all: filter.all, more }
}

export const noEnvelope = (id: string, { name }: FailuresTable): MillraceError =>
  new MillraceError(
    'ML_ENVELOPE_MISSING',
    `the table ${name} has no envelope of ${id} that is meant; \`millrace failures list\` shows what it has`,
  )

/** Said where filters leave nothing: a name may be mistyped. */
export const nothingMatches = ({ name }: FailuresTable): string =>
  `nothing matches: ${name} has no such envelope; \`millrace failures list\` shows what it has`

/** What one group is done with, another may still need. @throws MillraceError `ML_USAGE` where an id is that of several groups' */
export function checkGroups(id: string, found: readonly Pick<Seen, 'id' | 'group'>[]): void {
  const groups = new Set(found.flatMap((one) => (one.id === id ? [one.group] : [])))
  if (groups.size > 1)
    throw usage(`${id} was given up by several groups (${[...groups].sort().join(', ')}); say which with --group`)
}

function little({ id, group, key, head }: Listed): Seen {
  const kept = [...told, ...hand, 'pieces'].flatMap((name) =>
    head[name] === undefined ? [] : [[name, head[name]] as const],
  )
  return { id, group, key, head: Object.fromEntries(kept) }
}
