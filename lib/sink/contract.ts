import type { Clock } from '../clock.js'
import type { Header } from '../event/index.js'

/** The record of the source that something is written for. */
export interface SinkSource {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  /** Consumer group id of the function. */
  readonly group: string
}

/** One record as a sink gets it. */
export interface SinkRecord {
  /**
   * `topic:partition:offset#index` of the source record and its output; without `#index` for a record given up on. The same in
   * each delivery: what makes a write idempotent (P-17).
   */
  readonly id: string
  readonly source: SinkSource
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** Where the output asks to go. */
  readonly topic?: string
  readonly partition?: number
  /** The value before it was made bytes; of a record given up on, its envelope. */
  readonly content: unknown
}

/**
 * What a sink says of one record: written for good, or why not.
 *
 * `retry` (default): another try may go better. `fallback`: none ever will, so the record is given up on with this sink's reason;
 * a fallback sink may not say so (K-09).
 */
export type Acknowledgement =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: Error; readonly status?: 'retry' | 'fallback' }

/** What a sink may need to know of where it runs. */
export interface SinkContext {
  /** Consumer group id of the function. */
  readonly group: string
  readonly functionName: string
  /** The brokers of the event in hand, `host:port` separated by commas; undefined where it names none. */
  readonly bootstrapServers: string | undefined
  readonly clock: Clock
}

/** A target for records: what went well (`onSuccess`), or what was given up on (`fallback`). */
export interface Sink {
  /** For logs and errors. */
  readonly name: string
  /** Called before the first write of an execution environment. Its failure fails the batch, and it is tried again. */
  open?(context: SinkContext): void | Promise<void>
  /**
   * One acknowledgement per record, in their order; records of one lane come in their order. Called with as many records as a
   * batch or checkpoint has, so that one call may do for many (K-12). The same records again leave the target as it was (K-11).
   * What has not been acknowledged when the signal aborts counts as not written. May throw: then nothing is acknowledged.
   */
  write(records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly Acknowledgement[]>
  /** Lets go of connections; a sink may be written to again afterwards. */
  close?(): Promise<void>
}
