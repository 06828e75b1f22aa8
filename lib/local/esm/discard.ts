import { randomUUID } from 'node:crypto'
import { asError, MillraceError } from '../../errors.js'
import type { WireRecord } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import type { Delivery } from './deliver.js'
import type { Destination } from './destination/index.js'
import { type Records, recordsOf } from './event.js'

/** Why records were given up without a function having settled them. The string for their age is UNCONFIRMED. */
export type DiscardCondition =
  | 'MaximumPayloadSizeExceeded'
  | 'RetryAttemptsExhausted'
  | 'RecordAgeExceeded'
  | 'EventAgeExceeded'

/** As a destination is told: a Kafka topic has a word of its own for spent retries. */
export type ToldCondition = DiscardCondition | 'RetriesExhausted'

/** Records that the mapping gave up: Lambda delivers them no more. */
export interface Discard {
  /** Logical id of the mapping. */
  readonly mapping: string
  readonly condition: ToldCondition
  readonly records: readonly WireRecord[]
  /** How often the function had them. */
  readonly approximateInvokeCount: number
  /** The on-failure destination that has acknowledged them; undefined where there is none, and they are lost. */
  readonly destination: string | undefined
}

/** Records to be given up, with the invocation that came last. */
export interface GivenUp {
  readonly condition: DiscardCondition
  readonly records: Records
  readonly approximateInvokeCount: number
  readonly result: InvokeResult | undefined
}

/** What giving up needs of its surroundings. */
export type Discarding = Pick<
  Delivery,
  'config' | 'envelope' | 'switches' | 'destination' | 'now' | 'pause' | 'backoffMs' | 'onDiscard' | 'onError'
>

/**
 * Gives records up: the destination, where there is one, is tried until it has acknowledged them. False when the mapping was
 * stopped before; then they are not given up.
 */
export async function giveUp(discarding: Discarding, given: GivenUp): Promise<boolean> {
  const { config, destination, onDiscard } = discarding
  const condition = toldCondition(discarding, given)
  if (destination && !(await deliver(discarding, destination, { ...given, condition }))) return false
  const { approximateInvokeCount } = given
  const records = recordsOf(given.records)
  onDiscard({ mapping: config.id, condition, records, approximateInvokeCount, destination: destination?.name })
  return true
}

function toldCondition({ destination, switches }: Discarding, { condition }: GivenUp): ToldCondition {
  const isKafka = destination?.name.startsWith('kafka://')
  return isKafka && condition === 'RetryAttemptsExhausted' ? switches.kafkaCondition : condition
}

interface Told extends Omit<GivenUp, 'condition'> {
  readonly condition: ToldCondition
}

async function deliver(discarding: Discarding, destination: Destination, given: Told): Promise<boolean> {
  const { envelope, now, pause, onError } = discarding
  const { condition, approximateInvokeCount, result } = given
  const failure = {
    condition,
    approximateInvokeCount,
    requestId: result?.requestId ?? randomUUID(),
    result,
    event: { ...envelope, records: given.records },
    at: now(),
  }
  for (let tries = 1; ; tries++) {
    try {
      await destination.deliver(failure)
      return true
    } catch (cause) {
      const what = `the destination ${destination.name} did not take ${recordsOf(given.records).length} records`
      const then = 'nothing is committed until it does: see that it can be reached'
      onError(
        new MillraceError('ML_LOCAL_DESTINATION_FAILED', `${what} (${asError(cause).message}); ${then}`, { cause }),
      )
    }
    // A destination is waited for even where retries are not.
    if (!(await pause(Math.max(100, discarding.backoffMs(tries))))) return false
  }
}
