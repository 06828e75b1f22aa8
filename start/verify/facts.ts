import type { LedgerState } from '../../lib/ledger/index.js'
import type { Costs } from '../faults/index.js'
import type { History } from '../history/index.js'
import type { Header, Produced } from '../orders/index.js'

/** What the orders table says of one order. */
export interface Effect {
  /** How often it took effect. */
  readonly effects: number
  readonly cents: number
}

/** A record as the failures table keeps it. */
export interface KeptFailure {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly attempts: number
  readonly stage: string
  readonly rule: string
}

/** The death of the worker. */
export interface Kill {
  /** Of the process that was sent SIGKILL. */
  readonly pid: number
  /** The invocation that it was in. */
  readonly requestId: string
  /** How that invocation ended, in the words of the worker's parent. */
  readonly kind: string
  readonly signal: string | null
  /** The process is gone. */
  readonly gone: boolean
  /** Places of the batch's records. */
  readonly batch: readonly string[]
  /** Of these, the places that the ledger did not have as settled after the death, before anybody claimed them again. */
  readonly unsettled: ReadonlySet<string>
}

/** The delivery of a settled batch once more. */
export interface Redelivery {
  readonly requestId: string
  readonly kind: string
  /** Places of the batch's records. */
  readonly batch: readonly string[]
  /** Records that the answer names as failed. */
  readonly failures: number
  /** Effects in the orders table before and after. */
  readonly effectsBefore: number
  readonly effectsAfter: number
}

/** The end of a run: schema and downstream are mended, what had been given up on is produced again, what is left thrown away. */
export interface Mending {
  /** Places of what had been given up on. */
  readonly found: readonly string[]
  /** Records that were produced again. */
  readonly redriven: number
  /** Envelopes that were thrown away in the end. */
  readonly discarded: number
  /** Envelopes that are left. */
  readonly left: number
  /** By order id: effects that came with it. */
  readonly effects: ReadonlyMap<string, number>
  /** By customer: cents that came with it. */
  readonly cents: ReadonlyMap<string, number>
}

/** All that is known of a run, from outside: the checks need nothing else. */
export interface Facts {
  readonly topic: string
  /** The producer's own list: the expectation. */
  readonly produced: readonly Produced[]
  /** By order id. */
  readonly effects: ReadonlyMap<string, Effect>
  /** In cents, by customer. */
  readonly balances: ReadonlyMap<string, number>
  /** Orders by transaction, as the store has applied them, one after another. */
  readonly applied: readonly (readonly string[])[]
  readonly failures: readonly KeptFailure[]
  /** By partition; one without an item is missing. */
  readonly ledger: ReadonlyMap<number, LedgerState>
  /** By partition: records that the group has not committed. */
  readonly lag: ReadonlyMap<number, number>
  readonly history: History
  readonly costs: Costs
  readonly ledgerTable: string
  /** Milliseconds from the first record produced until the group had nothing left to read. */
  readonly elapsedMs: number
  readonly kill: Kill | undefined
  readonly redelivery: Redelivery | undefined
  readonly mending: Mending
}

/** A check's answer: the detail says what held, or the first of what did not. */
export interface Answer {
  readonly ok: boolean
  readonly detail: string
}

/** One truth about a run. */
export type Check = (facts: Facts) => Answer

/** A check's answer with its name. */
export interface Checked extends Answer {
  readonly name: string
}

/** Fails with the number of complaints and the first few of them; holds with `detail` when there are none. */
export function answerOf(complaints: readonly string[], detail: string): Answer {
  if (complaints.length === 0) return { ok: true, detail }
  const more = complaints.length > 3 ? `; and ${complaints.length - 3} more` : ''
  return { ok: false, detail: `${complaints.slice(0, 3).join('; ')}${more}` }
}
