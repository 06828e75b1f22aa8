import type { KafkaEvent, WireRecord } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import type { MappingConfig } from './config.js'
import { type Envelope, type Records, recordsOf } from './event.js'
import { type Decision, decide, type Redelivery, remainder, selectRecords } from './response.js'

/** Why records were given up without a function having settled them. The string for their age is UNCONFIRMED. */
export type DiscardCondition = 'MaximumPayloadSizeExceeded' | 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

/** Records that the mapping gave up: Lambda delivers them no more. */
export interface Discard {
  /** Logical id of the mapping. */
  readonly mapping: string
  readonly condition: DiscardCondition
  readonly records: readonly WireRecord[]
  /** How often the function had them. */
  readonly approximateInvokeCount: number
}

/** Which delivery this is. */
export interface Position {
  /** Rises by one with each batch of the mapping; retries keep it. */
  readonly batch: number
  /** 1 for the first delivery of a batch. */
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
  readonly config: MappingConfig
  readonly envelope: Envelope
  readonly redelivery: Redelivery
  /** Id of the poller. */
  readonly poller: string
  readonly invoke: (event: KafkaEvent) => Promise<InvokeResult>
  /** What an invocation waits for. Where it rejects, the function is not reached. */
  readonly beforeInvoke: (event: KafkaEvent, position: Position) => void | Promise<void>
  readonly backoffMs: (retry: number) => number
  readonly now: () => number
  /** Waits; false when the mapping is being stopped. */
  readonly pause: (ms: number) => Promise<boolean>
  /** Whether the partition of this key is still this poller's. */
  readonly owned: (identifier: string) => boolean
  readonly onAttempt: (attempt: Attempt) => void
  readonly onDiscard: (discard: Discard) => void
}

/** Invokes the function once and tells how Lambda takes the result. */
export async function attempt(
  { config, envelope, poller, beforeInvoke, invoke, onAttempt }: Delivery,
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
    decision = decide(records, result, config.partialResponses && config.provisioned)
  } catch (error) {
    decision = { kind: 'unreached', reason: String(error) }
  }
  const made: Attempt = { mapping: config.id, event, result, decision, ...position }
  onAttempt(made)
  return made
}

/**
 * Delivers one batch until nothing of it is left to deliver: settled, given up by the mapping's limits, or gone to another
 * poller. False when the mapping was stopped before; then nothing of the batch may be committed.
 */
export async function deliverBatch(delivery: Delivery, batch: number, taken: Records): Promise<boolean> {
  const { config, redelivery, backoffMs, pause, owned } = delivery
  let invoked = 0
  let fruitless = 0
  let records = dropExpired(delivery, taken, invoked)
  for (let tries = 1; Object.keys(records).length > 0; tries++) {
    const { decision } = await attempt(delivery, records, { batch, attempt: tries, redelivered: false })
    if (decision.kind !== 'unreached') invoked++
    const left = remainder(records, decision, redelivery)
    if (Object.keys(left).length === 0) return true
    // A delivery that settled something is no reason to wait longer.
    fruitless = recordsOf(left).length < recordsOf(records).length ? 1 : fruitless + 1
    records = left
    if (config.maximumRetryAttempts >= 0 && invoked > config.maximumRetryAttempts) {
      giveUp(delivery, 'RetryAttemptsExhausted', recordsOf(records), invoked)
      return true
    }
    if (!(await pause(backoffMs(fruitless)))) return false
    records = dropExpired(delivery, onlyOwned(records, owned), invoked)
  }
  return true
}

/** The same object where all of it is still owned: a retry of a whole batch is the same batch. */
function onlyOwned(records: Records, owned: Delivery['owned']): Records {
  return Object.keys(records).every(owned) ? records : selectRecords(records, (_, key) => owned(key))
}

function dropExpired(delivery: Delivery, records: Records, invoked: number): Records {
  const { maximumRecordAgeSeconds } = delivery.config
  if (maximumRecordAgeSeconds < 0) return records
  const oldest = delivery.now() - maximumRecordAgeSeconds * 1000
  const expired = recordsOf(records).filter(({ timestamp }) => timestamp < oldest)
  if (expired.length === 0) return records
  giveUp(delivery, 'RecordAgeExceeded', expired, invoked)
  return selectRecords(records, ({ timestamp }) => timestamp >= oldest)
}

/** Tells of records that no delivery will bring again. */
export function giveUp(
  { config, onDiscard }: Pick<Delivery, 'config' | 'onDiscard'>,
  condition: DiscardCondition,
  records: readonly WireRecord[],
  approximateInvokeCount: number,
): void {
  onDiscard({ mapping: config.id, condition, records, approximateInvokeCount })
}
