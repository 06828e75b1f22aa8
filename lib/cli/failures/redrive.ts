import { type Clock, systemClock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import { clientSecurity } from '../../kafka/index.js'
import { dynamodbStore } from '../../ledger/index.js'
import { kafkaClient } from '../../local/esm/index.js'
import { cameAfterAll } from '../came-after-all.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { securityOf } from '../kafka-security.js'
import { replayGroup } from '../reading.js'
import type { Target } from '../target/index.js'
import { agreed, type Progress, progressOf } from '../terminal.js'
import { type ExitCode, exitCodes, note, type Voice } from '../voice.js'
import { type Fate, type Fates, type RedriveTools, redriveChunk } from './chunk.js'
import { chunksOf } from './chunks.js'
import { type Failures, withFailures } from './open.js'
import type { RedriveOptions } from './options.js'
import { openRedriver } from './producer.js'
import { type About, goOn, nothingMatches, type Seen, selection } from './select.js'
import { recordReader } from './source.js'

/** What became of a redrive, in envelopes. */
export type RedriveCounts = Record<Fate['kind'], number>

/** `millrace failures redrive`: produces records again, and deletes each envelope once Kafka has its record. */
export const redrive: Command<RedriveOptions> = (options, { voice, stopping: { signal } }) =>
  withFailures(options, async (failures) => {
    const { table, target } = failures
    const { dryRun = false, yes = false, to, for: group } = options
    const { seen, all, more } = await selection(table, options, systemClock.now(), target.functions, signal)
    const counts = noCounts()
    const tell = () => told(voice, counts, { seen: seen.length, more, dryRun, interrupted: signal.aborted })
    if (seen.length === 0 && !all && !signal.aborted) note(options, nothingMatches(table))
    if (seen.length === 0 || signal.aborted) return tell()
    const question = `Redrive ${all ? 'all ' : ''}${counted(seen.length, 'record')} of ${table.name}${to ? ` to ${to}` : ''}?`
    if (!(await agreed(question, { yes: yes || dryRun || !all, signal }))) return tell()
    const security = securityOf(options)
    const say = (line: string) => voice.say('kafka', line)
    const kafka = kafkaClient('millrace-redrive', target.brokers, say, clientSecurity(security))
    const redriver = await openRedriver(kafka, { brokers: target.brokers, ...security })
    const progress = progressOf(seen.length)
    try {
      const tools: RedriveTools = {
        ...{ table, redriver, to, group, dryRun },
        readRecords: recordReader(kafka, systemClock),
        cameAfterAll: ledgerIn(failures),
        unread: unreadIn(failures),
        clock: systemClock,
        owner: systemClock.nonce(),
      }
      const pace = { ratePerSecond: options.rate, signal, progress, onFate: tellOf(voice, options) }
      await redriveAll(seen, tools, pace, counts)
    } catch (error) {
      progress.end()
      tell()
      throw error
    } finally {
      await redriver.close()
    }
    progress.end()
    return tell()
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

/**
 * Redrives chunk by chunk.
 *
 * @param counts gets what became of them, also where this fails
 * @throws MillraceError where the table or Kafka fails; what was redriven by then is out of the table
 */
export async function redriveAll(
  seen: readonly Seen[],
  tools: RedriveTools,
  { ratePerSecond = Number.POSITIVE_INFINITY, signal, progress, onFate }: RedrivePace,
  counts: RedriveCounts = noCounts(),
): Promise<RedriveCounts> {
  const began = tools.clock.now()
  let done = 0
  for (const chunk of chunksOf(seen, ratePerSecond)) {
    await untilDue(began + (counts.redriven / ratePerSecond) * 1_000, tools.clock, signal)
    if (signal.aborted) break
    const fates: Fates = new Map()
    try {
      await redriveChunk(chunk, tools, fates)
    } finally {
      for (const [one, fate] of fates) {
        counts[fate.kind]++
        onFate(one, fate)
      }
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
function ledgerIn({ target }: Failures): RedriveTools['cameAfterAll'] {
  const ledgerTable = ledgerOf(target)
  if (ledgerTable === undefined) return async () => undefined
  const store = dynamodbStore(target.client, ledgerTable)
  return (about) => cameAfterAll(store, about, systemClock.now())
}

/** Every group but the one it is for drops a redriven record, having had it: were that one gone, nobody would ever have it. */
function unreadIn({ target: { functions, place } }: Failures): RedriveTools['unread'] {
  return (topic, group) => {
    if (group.startsWith(replayGroup))
      return new MillraceError(
        'ML_REDRIVE_UNREAD',
        `it was given up in a replay, whose group ${group} is gone, and every other group would drop its redrive; name the group that is to have it with --for, or another topic with --to, or replay the record once more and discard this`,
      )
    if (functions.length === 0 || functions.some((one) => one.topic === topic && one.group === group)) return undefined
    const groups = functions.flatMap((one) => (one.topic === topic ? one.group : []))
    const which = groups.length > 0 ? `--for (${groups.join(', ')})` : '--for'
    return new MillraceError(
      'ML_REDRIVE_UNREAD',
      `no function of ${place} reads ${topic} as the group ${group}, and every other group would drop its redrive; name the group that is to have it with ${which}, or another topic with --to`,
    )
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
    const { id, group } = seen
    const which = `${id} of ${group}`
    if (fate.kind === 'refused')
      voice.say('refused', `refused ${which}: ${fate.error.message}`, { id, group, error: fate.error.message })
    else if (fate.kind === 'skipped')
      voice.say('skipped', `skipped ${which}: ${fate.reason}`, { id, group, reason: fate.reason })
    else if (dryRun)
      voice.say('would', `would redrive ${which}${to ? ` to ${to}` : ''}`, { id, group, ...(to && { to }) })
  }

function told(voice: Voice, counts: RedriveCounts, { seen, more, dryRun, interrupted }: About): ExitCode {
  const { redriven, finished, skipped, refused } = counts
  const left = seen - redriven - finished - skipped - refused
  const parts = [
    `${dryRun ? 'would redrive' : 'redrove'} ${counted(redriven, 'record')}`,
    ...(finished > 0 ? [`ended what was begun with ${finished}`] : []),
    ...(skipped > 0 ? [`skipped ${skipped}`] : []),
    ...(refused > 0 ? [`refused ${refused}`] : []),
    ...(left > 0 ? [`left ${left} as they were`] : []),
    ...(more ? [goOn] : []),
  ]
  const facts = { ...counts, left, more, dryRun, interrupted }
  voice.say('redriven', `${interrupted ? 'stopped: ' : ''}${parts.join(', ')}`, facts)
  return refused > 0 || left > 0 || more ? exitCodes.failed : exitCodes.ok
}
