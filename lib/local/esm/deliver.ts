import type { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import type { MappingConfig } from './config.js'
import type { Destination } from './destination/index.js'
import { type Discard, type GivenUp, giveUp } from './discard.js'
import { type Envelope, halves, type Records, recordsOf, selectRecords } from './event.js'
import { type Decision, decide, remainder } from './response.js'
import type { EsmSwitches } from './switches.js'

/** Which delivery this is. */
export interface Position {
  /** Rises by one with each batch of the mapping; retries keep it. */
  readonly batch: number
  /** 1 for the first delivery of a batch, one more with each that follows, of a part of it too. */
  readonly attempt: number
  /** A settled batch, delivered again on purpose. */
  readonly redelivered: boolean
  /** Id of the poller, `<mapping>/<number>`, as its log lines and the broker have it. */
  readonly poller: string
}

/** One invocation that a mapping made. */
export interface Attempt extends Position {
  /** Logical id of the mapping. */
  readonly mapping: string
  readonly event: KafkaEvent
  /** Undefined where the function was not reached. */
  readonly result: InvokeResult | undefined
  readonly decision: Decision
}

/** What a delivery needs of its surroundings. */
export interface Delivery {
  /** As Lambda runs it. */
  readonly config: MappingConfig
  readonly envelope: Envelope
  readonly switches: EsmSwitches
  /** Id of the poller. */
  readonly poller: string
  readonly destination: Destination | undefined
  readonly invoke: (event: KafkaEvent) => Promise<InvokeResult>
  /** What an invocation waits for. Where it rejects, the function is not reached. */
  readonly beforeInvoke: (event: KafkaEvent, position: Position) => void | Promise<void>
  readonly backoffMs: (retry: number) => number
  readonly now: () => number
  /** Waits; false when the mapping is being stopped. */
  readonly pause: (ms: number) => Promise<boolean>
  /** Whether the partition of this key is still this poller's. */
  readonly owned: (identifier: string) => boolean
  /** Told what of the batch is still to be settled, while it is retried. */
  readonly onProgress: (left: readonly Records[]) => Promise<void>
  readonly onAttempt: (attempt: Attempt) => void
  readonly onDiscard: (discard: Discard) => void
  readonly onError: (error: MillraceError) => void
}

/** Invokes the function once and tells how Lambda takes the result. */
export async function attempt(
  { config, envelope, switches, poller, beforeInvoke, invoke, onAttempt }: Delivery,
  records: Records,
  which: Omit<Position, 'poller'>,
): Promise<Attempt> {
  const event: KafkaEvent = { ...envelope, records }
  const position: Position = { ...which, poller }
  let result: InvokeResult | undefined
  let decision: Decision
  try {
    await beforeInvoke(event, position)
    result = await invoke(event)
    decision = decide(records, result, config.partialResponses, switches.malformedResponse)
  } catch (error) {
    decision = { kind: 'unreached', reason: String(error) }
  }
  const made: Attempt = { mapping: config.id, event, result, decision, ...position }
  onAttempt(made)
  return made
}

/** A batch, or what bisecting made of it. */
interface Part {
  readonly records: Records
  /** How often the function had it, and how many of these count against its retries. */
  readonly invoked: number
  readonly spent: number
  /** The last invocation of it. */
  readonly result?: InvokeResult | undefined
}

/**
 * Delivers one batch until nothing of it is left to deliver: settled, given up by the mapping's limits, or gone to another
 * poller. False when the mapping was stopped before; then nothing more of the batch may be committed.
 */
export async function deliverBatch(delivery: Delivery, batch: number, taken: Records): Promise<boolean> {
  const { config, switches } = delivery
  const withheld: GivenUp[] = []
  const consolidate = config.bisect && switches.bisectReports === 'per-batch'
  const discard = async (given: GivenUp): Promise<boolean> => {
    if (!consolidate) return giveUp(delivery, given)
    withheld.push(given)
    return true
  }
  const parts: Part[] = [{ records: taken, invoked: 0, spent: 0 }]
  const tries = { made: 0, fruitless: 0 }
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const next = await deliverOnce(delivery, { batch, tries, discard }, part)
    if (next === undefined) return false
    parts.unshift(...next)
    // What is withheld has not reached its destination, and is as little settled as what is retried.
    if (parts.length > 0) await delivery.onProgress([...parts, ...withheld].map(({ records }) => records))
    const wait = next.length > 0 ? delivery.backoffMs(tries.fruitless) : 0
    // A part that is settled is no reason to go on with the others when the mapping is being stopped.
    if (parts.length > 0 && !(await delivery.pause(wait))) return false
  }
  for (const given of consolidated(withheld)) if (!(await giveUp(delivery, given))) return false
  return true
}

interface Run {
  readonly batch: number
  /** `fruitless`: how many deliveries in a row have settled nothing. */
  readonly tries: { made: number; fruitless: number }
  readonly discard: (given: GivenUp) => Promise<boolean>
}

/** One delivery of a part. @returns what of it comes again; undefined when the mapping was stopped */
async function deliverOnce(delivery: Delivery, run: Run, part: Part): Promise<readonly Part[] | undefined> {
  const { config, switches } = delivery
  const records = await withoutExpired(delivery, run, part)
  if (records === undefined) return undefined
  if (Object.keys(records).length === 0) return []
  const which = { batch: run.batch, attempt: ++run.tries.made, redelivered: false }
  const { decision, result } = await attempt(delivery, records, which)
  const left = remainder(records, decision, switches.redelivery)
  // A delivery that settled something is no reason to wait longer.
  run.tries.fruitless = recordsOf(left).length < recordsOf(records).length ? 1 : run.tries.fruitless + 1
  if (Object.keys(left).length === 0) return []
  if (decision.kind === 'unreached') return [{ ...part, records: left }]
  const split = config.bisect && bisects(decision, switches) ? halves(left) : [left]
  const invoked = part.invoked + 1
  const spent = part.spent + (split.length > 1 && !switches.bisectConsumesRetries ? 0 : 1)
  if (config.maximumRetryAttempts >= 0 && spent > config.maximumRetryAttempts) {
    const given = {
      condition: 'RetryAttemptsExhausted',
      records: left,
      approximateInvokeCount: invoked,
      result,
    } as const
    return (await run.discard(given)) ? [] : undefined
  }
  return split.map((one) => ({ records: one, invoked, spent, result }))
}

/** An error of the function splits its batch; an answer that fails the batch by its form does not. */
function bisects(decision: Decision, { bisectAfterReport }: EsmSwitches): boolean {
  if (decision.kind === 'failed') return decision.functionError
  return decision.kind === 'partial' && bisectAfterReport === 'split'
}

/** What is still to be delivered of a part: its partitions still ours, its records young enough. The same object where that is all. */
async function withoutExpired({ config, owned, now, switches }: Delivery, { discard }: Run, part: Part) {
  const ours = Object.keys(part.records).every(owned)
  const records = ours ? part.records : selectRecords(part.records, (_, key) => owned(key))
  const { maximumRecordAgeSeconds } = config
  const oldest = now() - maximumRecordAgeSeconds * 1000
  if (maximumRecordAgeSeconds < 0 || recordsOf(records).every(({ timestamp }) => timestamp >= oldest)) return records
  const expired = selectRecords(records, ({ timestamp }) => timestamp < oldest)
  const { invoked: approximateInvokeCount, result } = part
  const given = { condition: switches.ageCondition, records: expired, approximateInvokeCount, result }
  return (await discard(given)) ? selectRecords(records, ({ timestamp }) => timestamp >= oldest) : undefined
}

/** One for each condition, the records of all in their order. */
function consolidated(all: readonly GivenUp[]): readonly GivenUp[] {
  const conditions = [...new Set(all.map(({ condition }) => condition))]
  return conditions.map((condition) => {
    const same = all.filter((one) => one.condition === condition)
    const records: Records = {}
    // Records expire by their timestamps, which need not rise as their offsets do.
    for (const [key, list] of same.flatMap((one) => Object.entries(one.records)))
      records[key] = [...(records[key] ?? []), ...list].sort((a, b) => a.offset - b.offset)
    const approximateInvokeCount = Math.max(...same.map((one) => one.approximateInvokeCount))
    return { condition, records, approximateInvokeCount, result: same.at(-1)?.result }
  })
}
