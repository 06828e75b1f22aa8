import type { Clock } from '../clock.js'
import type { KeyVerdict } from '../dedupe/index.js'
import type { RawRecord } from '../event/index.js'
import type { AtomicWrite, Claimed, Ledger } from '../ledger/index.js'
import type { Outcome } from '../outcome/index.js'
import type { FallbackSink, Sink, Stage } from '../sink/index.js'
import type { Order } from './lanes.js'
import type { Policy } from './policy.js'

/** Where decisions are logged: one line each. */
export interface Log {
  /** Lines may quote what records carry: payloads, and errors that quote them. Default: they do not. */
  readonly payloads?: boolean
  debug(message: string, fields: Record<string, unknown>): void
  info(message: string, fields: Record<string, unknown>): void
  warn(message: string, fields: Record<string, unknown>): void
  error(message: string, fields: Record<string, unknown>): void
}

/** What one run of a record knows of itself. */
export interface Run {
  /** 1 for the first. */
  readonly attempt: number
  /** How often the record was held before. */
  readonly held: number
  /** A failure of this run spends the record's last attempt. */
  readonly lastAttempt: boolean
  /** Aborts when the record's or the invocation's time runs out. */
  readonly signal: AbortSignal
  /** Writes to be made in one transaction with the record's settle, if it goes well. */
  atomically(writes: readonly AtomicWrite[]): void
}

/** A record that could not be decoded or validated, whose handler threw, or whose output no sink has taken. */
export interface Failed {
  readonly status: 'failed'
  readonly stage: Stage
  readonly error: Error
  /** At stage `sink`: no other try would go better. */
  readonly hopeless?: boolean
}

/** A record with its run, for handlers that take many at once. */
export interface RecordRun {
  readonly record: RawRecord
  readonly run: Run
}

/** How much fails with one record: itself; its source partition; the whole event, settled in one transaction (K-03). */
export type Atomicity = 'record' | 'partition' | 'batch'

/** What is known of a record before it runs: whose its key is, or that it was redriven for this other group. */
export type Reserved =
  /** `rule`: by which it is a duplicate. Default: `idempotencyKey`. */
  (KeyVerdict & { readonly rule?: string }) | { readonly kind: 'foreign'; readonly group: string }

/** All that the engine needs, as arguments: it runs the same on a real store, in a test and in a simulation. */
export interface Engine {
  readonly ledger: Ledger
  readonly fallback: FallbackSink
  /** Gets the outputs of records that went well. Without: there may be none. */
  readonly onSuccess?: {
    readonly sink: Sink
    /** Consumer group id of the function. */
    readonly group: string
  }
  readonly clock: Clock
  readonly log: Log
  readonly order: Order
  /** Records run at once, at most. */
  readonly concurrency: number
  /** What becomes of records that are not ok. */
  readonly policy: Policy
  readonly atomicity: Atomicity
  /** Milliseconds that a record may run; Infinity: until the invocation's time ends. */
  readonly recordTimeoutMs: number
  /** A checkpoint is written after so many records, beside those that renew the lease; Infinity: none. */
  readonly checkpointRecords: number
  /** Failures are returned; false: the function throws, and the whole batch comes again (rule 6). */
  readonly partialResponses: boolean
  /** Decode, validate, handle; at once, where nothing has to be awaited. Throws only what fails the whole batch (rule 9). */
  handle(record: RawRecord, run: Run): Outcome | Failed | Promise<Outcome | Failed>
  /** Instead of `handle`, where there is one: all records at once, one answer for each, in their order. */
  readonly handleAll?: (runs: readonly RecordRun[]) => Promise<readonly (Outcome | Failed)[]>
  /** What records are to their keys, asked once, before anything of these claims runs. Those without an answer are first. */
  readonly reserve?: (claims: readonly Claimed[]) => Promise<ReadonlyMap<RawRecord, Reserved>>
  /** Told which records went well and are settled. Its failure changes nothing. */
  readonly settled?: (records: readonly RawRecord[]) => Promise<void>
  /** What has failed since its handler returned (K-06), asked before anything is settled. Throws what fails the whole batch, until asked at the end. */
  readonly late?: (handlers: 'running' | 'ended') => Promise<ReadonlyMap<RawRecord, Error>>
}

/** The time an invocation has. */
export interface Invocation {
  /** The nonce that its writes carry. */
  readonly owner: string
  /** Milliseconds until Lambda kills the process. */
  remainingMs(): number
  /** Below this many remaining milliseconds no record is started (T-21). */
  readonly reserveMs: number
}
