import type { RecordId } from '../dedupe/index.js'
import type { RawRecord } from '../event/index.js'
import type { OpenRecord } from '../ledger/index.js'
import type { Outcome } from '../outcome/index.js'
import { type Failure, givenUpBefore, type Stage } from '../sink/index.js'
import type { Failed } from './engine.js'

/** What the engine makes of one record in this invocation, before any sink has acknowledged it. */
export type Verdict =
  | { readonly status: 'ok' }
  | { readonly status: 'drop'; readonly reason: string; readonly attempt: number; readonly rule?: string }
  | { readonly status: 'retry'; readonly failure: Failure }
  | { readonly status: 'fallback'; readonly failure: Failure }
  | DuplicateVerdict

/** Another record owns the key, so this one is not run; it is settled when that one is. */
export interface DuplicateVerdict {
  readonly status: 'duplicate'
  readonly owner: RecordId
  /** `committing`: the records whose effects the write at hand commits. */
  isSettled(committing: Pick<ReadonlySet<RawRecord>, 'has'>): boolean
}

/** What is known of a record when its run ends. */
export interface RunEnd {
  readonly record: RawRecord
  readonly entry: OpenRecord | undefined
  /** The runs of the handler that this one makes it. */
  readonly attempt: number
  readonly attempts: number
  /** Epoch ms. */
  now(): number
}

/** Judges the end of one run by the contract: poison and spent attempts go to the fallback, other failures are retried. */
export function judge(result: Outcome | Failed, end: RunEnd): Verdict {
  switch (result.status) {
    case 'ok':
      return result
    case 'drop':
      return { status: 'drop', reason: result.reason, attempt: end.attempt }
    case 'fallback':
      return { status: 'fallback', failure: failureOf(end, 'process', 'outcome', result.reason) }
    case 'retry':
      return retried(end, result.reason)
    case 'failed': {
      const { stage, error } = result
      if (stage === 'process') return retried(end, error.message, error)
      const rule = stage === 'decode' ? 'undecodable' : 'invalid'
      return { status: 'fallback', failure: { ...failureOf(end, stage, rule, error.message, error), attempts: 0 } }
    }
  }
}

/** A convicted record, or one given up on in an earlier delivery whose sink did not acknowledge it: it is not run again. */
export function stillGivenUp(record: RawRecord, entry: OpenRecord, now: number): Verdict {
  const end = { record, entry, attempt: entry.attempts, attempts: entry.attempts, now: () => now }
  const [rule, reason] = entry.convicted
    ? ['convicted', `the process died ${entry.deaths} times while this record ran alone`]
    : [givenUpBefore, 'given up on in an earlier delivery']
  return { status: 'fallback', failure: failureOf(end, 'process', rule, reason) }
}

/** A record that was given up on by another group and redriven for it: here it never was, and is not run again. */
export function ofAnotherGroup(group: string): Verdict {
  const reason = `the group ${group} had given it up; this one has had it already, as it came first`
  return { status: 'drop', reason, attempt: 0, rule: 'redriven for another group' }
}

/** A run that the end of the invocation's time cut off. */
export function cutOff(end: RunEnd): Verdict {
  return retried(end, "the handler had not ended when the invocation's time did; it gets ctx.signal to stop in time")
}

function retried(end: RunEnd, reason: string, error?: Error): Verdict {
  if (end.attempt < end.attempts)
    return { status: 'retry', failure: failureOf(end, 'process', 'failed', reason, error) }
  return { status: 'fallback', failure: failureOf(end, 'process', 'exhausted', reason, error) }
}

function failureOf(end: RunEnd, stage: Stage, rule: string, reason: string, error?: Error): Failure {
  const { record, attempt, entry } = end
  const now = end.now()
  const base = { record, attempts: attempt, firstSeen: entry?.firstSeen ?? now, lastSeen: now, stage, rule, reason }
  return error === undefined ? base : { ...base, error }
}
