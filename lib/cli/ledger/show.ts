import { systemClock } from '../../clock.js'
import { asideKey, itemKey, type OpenRecord, type Range } from '../../ledger/index.js'
import { openTable, type Table } from '../../table/index.js'
import { columns } from '../columns.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { findTarget } from '../target/index.js'
import { exitCodes, note } from '../voice.js'
import { factsOf, hasWaiting, type SourceFacts } from './facts.js'
import type { SourceOptions } from './options.js'
import { type Source, sourcesOf } from './sources.js'

/** `millrace ledger show`: what is settled, and what is known of what is not. */
export const show: Command<SourceOptions> = async (options, { voice, stopping: { signal } }) => {
  const target = await findTarget(options)
  try {
    const table = openTable(target.client, target.ledgerTable)
    const all: SourceFacts[] = []
    const sources = await sourcesOf(target, options)
    const widest = (of: (source: Source) => string) => Math.max(0, ...sources.map((source) => of(source).length))
    const line = columns(
      Math.max(
        5,
        widest(({ group }) => group),
      ),
      Math.max(
        5,
        widest(({ topic }) => topic),
      ),
      9,
      8,
      8,
      8,
    )
    for (const source of sources) {
      if (signal.aborted) break
      const facts = factsOf(source, await formerOf(source, table), systemClock.now())
      if (all.push(facts) === 1 && !options.json) voice.say('head', line(heads))
      voice.say('source', [line(cells(facts)), ...details(facts)].join('\n'), facts)
    }
    if (all.length === 0 && !signal.aborted)
      note(options, `nothing matches: ${target.ledgerTable} has no such source partition; look at the names`)
    const waiting = all.filter(hasWaiting).length
    const which = `${counted(all.length, 'source partition')} in ${target.ledgerTable} (${target.place})`
    voice.say('shown', `${which}, ${waiting} with records that wait${signal.aborted ? ', stopped' : ''}`, {
      ...{ count: all.length, waiting, interrupted: signal.aborted },
    })
    return waiting > 0 || signal.aborted ? exitCodes.failed : exitCodes.ok
  } finally {
    target.close()
  }
}

const heads = ['GROUP', 'TOPIC', 'PARTITION', 'SETTLED', 'OPEN', 'PENDING', 'CRASHED', 'CLAIM']

function cells(facts: SourceFacts): string[] {
  const { group, topic, partition, frontier, delivered, open, pending, crashed, claim } = facts
  const until = claim && new Date(claim.leaseEnd).toISOString()
  return [
    ...[group, topic, String(partition)],
    // All below it: ends are included, here as everywhere.
    frontier > 0 ? `to ${Math.min(frontier - 1, delivered)}` : 'none',
    ...[String(open.length), String(pending.reduce((sum, range) => sum + lengthOf(range), 0))],
    crashed ? textOf(crashed) : '-',
    claim ? `${textOf(claim.inFlight)} by ${claim.owner}, ${claim.live ? 'until' : 'which died, since'} ${until}` : '-',
  ]
}

/** What does not fit in a row. */
function details({ settled, delivered, frontier, open, pending, suspect, incarnation }: SourceFacts): string[] {
  return [
    ...(frontier <= delivered ? [`  settled: ${ranges(settled)}`] : []),
    ...open.map((record) => `  open ${record.offset}: ${storyOf(record).join(', ')}`),
    ...(pending.length > 0 ? [`  pending: ${ranges(pending)}`] : []),
    ...(suspect ? [`  suspected of a crash: ${textOf(suspect)}`] : []),
    ...(incarnation.former > 0
      ? [
          `  the topic was made anew ${counted(incarnation.former, 'time')}, last read so from ${timeOf(incarnation.born)}`,
        ]
      : []),
  ]
}

function storyOf({ attempts, holds, deaths, convicted, givenUp, notBefore, firstSeen }: OpenRecord): string[] {
  return [
    counted(attempts, 'failed attempt'),
    ...(holds > 0 ? [`held ${counted(holds, 'time')}`] : []),
    ...(deaths > 0 ? [`its process died ${counted(deaths, 'time')}`] : []),
    ...(convicted ? ['convicted'] : []),
    ...(givenUp ? ['given up, not acknowledged yet'] : []),
    ...(notBefore > 0 ? [`not before ${timeOf(notBefore)}`] : []),
    `since ${timeOf(firstSeen)}`,
  ]
}

const mostRanges = 20

function ranges(list: readonly Range[]): string {
  const more = list.length > mostRanges ? [`and ${list.length - mostRanges} more`] : []
  return [...list.slice(0, mostRanges).map(textOf), ...more].join(', ') || 'nothing'
}

const textOf = ({ from, to }: Range): string => (from === to ? String(from) : `${from}-${to}`)
const lengthOf = ({ from, to }: Range): number => to - from + 1
const timeOf = (epochMs: number): string => new Date(epochMs).toISOString()

/** How many incarnations were put aside. */
async function formerOf({ group, topic, partition }: Source, table: Table): Promise<number> {
  const key = itemKey(group, topic, partition)
  const [first, last] = [asideKey(key, 0), asideKey(key, Number.MAX_SAFE_INTEGER)]
  let count = 0
  for await (const _ of table.falling(key.pk, first.sk, last.sk)) count++
  return count
}
