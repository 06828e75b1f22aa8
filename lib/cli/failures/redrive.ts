import { type Clock, systemClock } from '../../clock.js'
import { dynamodbStore, isCovered, itemKey } from '../../ledger/index.js'
import { kafkaClient } from '../../local/esm/index.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import type { Target } from '../target/index.js'
import { agreed, type Progress, progressOf } from '../terminal.js'
import { type ExitCode, exitCodes, type Voice } from '../voice.js'
import { type Fate, type RedriveTools, redriveChunk } from './chunk.js'
import { chunksOf } from './chunks.js'
import { type Failures, withFailures } from './open.js'
import type { RedriveOptions } from './options.js'
import { openRedriver } from './producer.js'
import { type Seen, selection } from './select.js'
import { recordReader } from './source.js'

/** What became of a redrive, in envelopes. */
export type RedriveCounts = Record<Fate['kind'], number>

/** `millrace failures redrive`: produces records again, and deletes each envelope once Kafka has its record. */
export const redrive: Command<RedriveOptions> = (options, { voice, stopping }) =>
  withFailures(options, async (failures) => {
    const { signal } = stopping
    const { dryRun = false, yes = false, to } = options
    const { seen, all, more } = await selection(failures.table, options, systemClock.now(), failures.target.functions)
    const question = `Redrive ${all ? 'all ' : ''}${counted(seen.length, 'record')} of ${failures.table.name}${to ? ` to ${to}` : ''}?`
    const needsNoWord = yes || dryRun || !all || seen.length === 0
    if (!(await agreed(question, { yes: needsNoWord, signal })))
      return told(voice, noCounts(), seen.length, options, signal)
    const kafka = kafkaClient('millrace-redrive', failures.target.brokers, (line) => voice.say('kafka', line))
    const redriver = await openRedriver(kafka, failures.target.brokers)
    const progress = progressOf(seen.length)
    try {
      const tools: RedriveTools = {
        table: failures.table,
        redriver,
        readRecords: recordReader(kafka, systemClock),
        isSettled: settledIn(failures),
        clock: systemClock,
        owner: systemClock.nonce(),
        ...{ to, dryRun },
      }
      const counts = await redriveAll(seen, tools, {
        ratePerSecond: options.rate,
        signal,
        progress,
        onFate: tellOf(voice, options),
      })
      const done = counts.redriven + counts.finished + counts.skipped + counts.refused
      progress.end()
      return told(voice, counts, seen.length - done + (more ? 1 : 0), options, signal)
    } finally {
      await redriver.close()
    }
  })

/** How a redrive goes. */
export interface RedrivePace {
  /** Undefined: as fast as Kafka acknowledges. */
  readonly ratePerSecond: number | undefined
  /** Ends it; what is in hand is brought to its end. */
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly onFate: (seen: Seen, fate: Fate) => void
}

/** Redrives chunk by chunk. @throws MillraceError where the table or Kafka fails; what was redriven by then is out of the table */
export async function redriveAll(
  seen: readonly Seen[],
  tools: RedriveTools,
  pace: RedrivePace,
): Promise<RedriveCounts> {
  const { ratePerSecond = Number.POSITIVE_INFINITY, signal, progress, onFate } = pace
  const counts = noCounts()
  const began = tools.clock.now()
  let done = 0
  for (const chunk of chunksOf(seen, ratePerSecond)) {
    await untilDue(began + (counts.redriven / ratePerSecond) * 1_000, tools.clock, signal)
    if (signal.aborted) break
    const fates = await redriveChunk(chunk, tools)
    for (const [one, fate] of fates) {
      counts[fate.kind]++
      onFate(one, fate)
    }
    done += chunk.length
    progress.at(done)
  }
  return counts
}

const noCounts = (): RedriveCounts => ({ redriven: 0, finished: 0, skipped: 0, refused: 0 })

async function untilDue(due: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const wait = due - clock.now()
  if (wait > 0) await clock.sleep(wait, signal)
}

/** Where the ledger is not known, the function's own knowledge of what it had keeps an effect from happening twice. */
function settledIn({ target }: Failures): RedriveTools['isSettled'] {
  const ledgerTable = ledgerOf(target)
  if (ledgerTable === undefined) return async () => false
  const store = dynamodbStore(target.client, ledgerTable)
  return async ({ group, topic, partition, offset }) => {
    const [item] = await store.load([itemKey(group, topic, partition)])
    return item !== undefined && isCovered(item.state.settled, offset)
  }
}

function ledgerOf(target: Target): string | undefined {
  try {
    return target.ledgerTable
  } catch {
    // Only the failures table was named.
    return undefined
  }
}

const tellOf =
  (voice: Voice, { dryRun, to }: RedriveOptions) =>
  (seen: Seen, fate: Fate): void => {
    const { id } = seen
    if (fate.kind === 'refused')
      voice.say('refused', `refused: ${fate.error.message}`, { id, error: fate.error.message })
    else if (fate.kind === 'skipped') voice.say('skipped', `skipped ${id}: ${fate.reason}`, { id, reason: fate.reason })
    else if (dryRun) voice.say('would', `would redrive ${id}${to ? ` to ${to}` : ''}`, { id, ...(to && { to }) })
  }

function told(
  voice: Voice,
  counts: RedriveCounts,
  left: number,
  { dryRun = false }: RedriveOptions,
  { aborted }: AbortSignal,
): ExitCode {
  const { redriven, finished, skipped, refused } = counts
  const parts = [
    `${dryRun ? 'would redrive' : 'redrove'} ${counted(redriven, 'record')}`,
    ...(finished > 0 ? [`ended what was begun with ${finished}`] : []),
    ...(skipped > 0 ? [`skipped ${skipped}`] : []),
    ...(refused > 0 ? [`refused ${refused}`] : []),
    ...(left > 0 ? [`left ${left} as they were`] : []),
  ]
  voice.say('redriven', `${aborted ? 'stopped: ' : ''}${parts.join(', ')}`, {
    ...counts,
    left,
    dryRun,
    interrupted: aborted,
  })
  return refused > 0 || left > 0 ? exitCodes.failed : exitCodes.ok
}
