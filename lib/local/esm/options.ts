import type { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import type { MappingConfig } from './config.js'
import type { Attempt, Position } from './deliver.js'
import type { Discard } from './discard.js'
import type { GroupEvent } from './group-event.js'
import type { HistoryEntry } from './history.js'
import type { ConsumerOptions } from './intake.js'
import type { Log, Security } from './kafka.js'
import type { MappingLife } from './life.js'
import type { EsmSwitches } from './switches.js'

/** How a mapping is run. */
export interface MappingOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  /** TLS and SASL. Default: neither. */
  readonly security?: Security
  /** Invokes the function; {@link Worker.invoke} fits. A rejection says that the function was not reached. */
  readonly invoke: (event: KafkaEvent) => Promise<InvokeResult>
  /** What the emulator takes Lambda for where no source says it. */
  readonly switches?: Partial<EsmSwitches>
  /** Milliseconds before a retry, by how many deliveries in a row have settled nothing (1 after one that did). Default: as the switch says. */
  readonly retryBackoffMs?: (retry: number) => number
  /**
   * For a replay, locally alone: the offset where each of these partitions starts, before the mapping's starting position. As
   * that, it is ignored where the group has committed.
   */
  readonly startOffsets?: Readonly<Record<number, number>>
  readonly consumer?: ConsumerOptions
  /** Folder of the files that on-failure destinations of SQS, SNS and S3 are written to. Default `.millrace/destinations`. */
  readonly destinationDir?: string
  /** An endpoint that they are posted to instead. Default: the environment's MILLRACE_DESTINATION_URL, else none. */
  readonly destinationUrl?: string
  /**
   * A fault on purpose: called before every invocation, which waits for it. A rejection is a throttle: the function is not
   * reached, no retry is spent, and the delivery is tried again.
   */
  readonly beforeInvoke?: (event: KafkaEvent, position: Position) => void | Promise<void>
  /** Told of every invocation, after it. */
  readonly onBatch?: (attempt: Attempt) => void
  /** Told of records that were given up, once their destination has them. The log tells of them too. */
  readonly onDiscard?: (discard: Discard) => void
  /** Told which partitions a poller was given, and which offsets are committed (T-19). */
  readonly onGroup?: (event: GroupEvent) => void
  /** Told of what goes wrong around the function: a consumer that fails, offsets or a destination that take nothing. So is the log. */
  readonly onError?: (error: MillraceError) => void
  /** What such an error does: the mapping goes on when it can (the default), or ends, and `idle` rejects. */
  readonly errorPolicy?: 'continue' | 'fail'
  /** Takes what the mapping and kafkajs have to say. */
  readonly log?: Log
}

/** A mapping that runs. */
export interface RunningMapping {
  readonly config: MappingConfig
  /** Whether it reads, and how to change that. */
  readonly life: MappingLife
  /** All of them, the defaults included. */
  readonly switches: EsmSwitches
  /** The newest 1,000 invocations, oldest first. */
  readonly history: readonly HistoryEntry[]
  /** The partitions each poller has now, by its id. */
  readonly assignment: Readonly<Record<string, readonly number[]>>
  /** Resolves when the group has nothing left to read and nothing is in flight; at once when the mapping is disabled. */
  idle(): Promise<void>
  /**
   * A fault on purpose: delivers an event once more, between two batches, as Lambda may. Nothing is committed by it, and its
   * answer is not acted on.
   */
  redeliver(event: KafkaEvent): Promise<Attempt>
  /**
   * A fault on purpose: one more member joins the group and leaves it, so that all partitions are given out anew, twice, also
   * under an invocation in flight. Resolves when the mapping's pollers have theirs again.
   */
  rebalance(): Promise<void>
  /** A fault on purpose: no invocation starts within the next `ms` milliseconds. */
  delay(ms: number): void
  /** Tells an observer of the errors of the source from now on. @returns how to stop that */
  watchErrors(observer: (error: MillraceError) => void): () => void
  /**
   * Finishes the invocations in flight, commits what is settled, leaves the group. A broker that answers none of the last two has
   * 5 seconds for each.
   */
  stop(): Promise<void>
}
