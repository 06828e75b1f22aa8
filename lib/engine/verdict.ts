import type { RecordId } from '../dedupe/index.js'
import type { RawRecord } from '../event/index.js'
import type { OpenRecord } from '../ledger/index.js'
import type { Classified, Held, Outcome, Output } from '../outcome/index.js'
import { type Failure, givenUpBefore, type Stage } from '../sink/index.js'
import type { Failed } from './engine.js'
import type { PoisonAction, Policy } from './policy.js'
import { delayMs } from './schedule.js'

/** What the engine makes of one record in this invocation, before any sink has acknowledged it. */
export type Verdict =
  /** Settled once its outputs are acknowledged, if it has any. */
  | { readonly status: 'ok'; readonly outputs?: readonly Output[] }
  | { readonly status: 'drop' | 'fallback'; readonly failure: Failure }
  /** It comes again, or is run again in this invocation, but not before this epoch ms. */
  | { readonly status: 'retry'; readonly failure: Failure; readonly notBefore: number }
  /** The same, without having failed. `holds`: how often it was held by now. */
  | { readonly status: 'hold'; readonly failure: Failure; readonly notBefore: number; readonly holds: number }
  /** It comes again with each delivery, and the invocation throws. */
  | { readonly status: 'fail'; readonly failure: Failure }
  | DuplicateVerdict

/** A record that is to be run again, once it is due. */
export type Waiting = Extract<Verdict, { readonly notBefore: number }>

/** Another record owns the key, so this one is not run; it is settled when that one is. */
export interface DuplicateVerdict {
  readonly status: 'duplicate'
  readonly owner: RecordId
  readonly rule: string
  /** `committing`: the records whose effects the write at hand commits. */
  isSettled(committing: Pick<ReadonlySet<RawRecord>, 'has'>): boolean
}

/** Whether the record is to be run again, so that what follows in its lane has to wait. */
export const comesAgain = ({ status }: Pick<Verdict, 'status'>): boolean =>
  status === 'retry' || status === 'hold' || status === 'fail'

/** The rule of what the handler itself has answered. */
export const asked = 'outcome'

/** The rule by which a record is dropped that was redriven for another group. */
export const foreign = 'redriven for another group'

/** What is known of a record when its run ends. */
export interface RunEnd {
  readonly record: RawRecord
  readonly entry: OpenRecord | undefined
  /** The runs of the handler that this one makes it. */
  readonly attempt: number
  readonly policy: Policy
  /** Epoch ms. */
  now(): number
  /** Zero or more, below one. */
  random(): number
}

/** Epoch ms of a record's first failure or death, if not now; what was only held has had none. */
export function firstFailure(entry: OpenRecord | undefined, now: number): number {
  return entry === undefined || (entry.holds > 0 && entry.attempts + entry.deaths === 0) ? now : entry.firstSeen
}

/** Judges the end of one run by the contract and the function's policy. */
export function judge(result: Outcome | Failed, end: RunEnd): Verdict {
  switch (result.status) {
    case 'ok':
      return result
    case 'drop':
    case 'fallback':
      return { status: result.status, failure: failureOf(end, 'process', asked, result.reason) }
    case 'hold':
      return held(end, result)
    case 'retry':
      return retried(end, failureOf(end, 'process', asked, result.reason))
    case 'failed':
      return failed(end, result)
  }
}

/** A convicted record, or one given up on in an earlier delivery whose sink did not acknowledge it: it is not run again. */
export function stillGivenUp(end: RunEnd, entry: OpenRecord): Verdict {
  const spent = { ...end, attempt: entry.attempts }
  if (!entry.convicted) {
    const failure = failureOf(spent, 'process', givenUpBefore, 'given up on in an earlier delivery')
    return { status: 'fallback', failure }
  }
  const reason = `the process died ${entry.deaths} times while this record ran alone`
  return poisoned(end, failureOf(spent, 'process', 'convicted', reason))
}

/** A record that was given up on by another group and redriven for it: here it never was, and is not run again. `now`: epoch ms. */
export function ofAnotherGroup(record: RawRecord, group: string, now: number): Verdict {
  const reason = `the group ${group} had given it up; this one has had it already, as it came first`
  const about = { record, attempts: 0, firstSeen: now, lastSeen: now }
  return { status: 'drop', failure: { ...about, stage: 'process', rule: foreign, reason } }
}

/** A run that the end of the invocation's time cut off. */
export function cutOff(end: RunEnd): Verdict {
  const reason = "the handler had not ended when the invocation's time did; it gets ctx.signal to stop in time"
  return retried(end, failureOf(end, 'process', 'timeout', reason))
}

function failed(end: RunEnd, { stage, error, hopeless }: Failed): Verdict {
  const { message } = error
  if (stage === 'decode' || stage === 'validate') {
    const rule = stage === 'decode' ? 'undecodable' : 'invalid'
    return poisoned(end, { ...failureOf(end, stage, rule, message, error), attempts: 0 })
  }
  const { status, rule }: Classified = hopeless
    ? { status: 'fallback', rule: 'rejected' }
    : stage === 'sink'
      ? { status: 'retry', rule: 'unacknowledged' }
      : end.policy.classify(error, end.record)
  const failure = failureOf(end, stage, rule, message, error)
  if (status === 'retry') return retried(end, failure)
  return status === 'drop' ? { status, failure } : poisoned(end, failure)
}

/** No other run would do it any good: what the policy of its stage says. */
function poisoned({ policy }: RunEnd, failure: Failure): Verdict {
  return givenUp(policy.poison[failure.stage], failure)
}

/** Another run, as long as it has attempts and is young enough. */
function retried(end: RunEnd, failure: Failure): Verdict {
  const { retry } = end.policy
  const isYoung = failure.lastSeen - failure.firstSeen < retry.maxAgeMs
  if ((end.attempt < retry.attempts && isYoung) || retry.onExhausted === 'retry') {
    const delay = delayMs(retry, end.attempt, end.random())
    return { status: 'retry', failure, notBefore: delay === 0 ? 0 : failure.lastSeen + delay }
  }
  return givenUp(retry.onExhausted, { ...failure, rule: 'exhausted', cause: failure.rule })
}

function held(end: RunEnd, { reason, time, maxDeliveries = Number.POSITIVE_INFINITY }: Held): Verdict {
  const { policy, entry } = end
  const spent = entry?.attempts ?? 0
  const holds = (entry?.holds ?? 0) + 1
  const failure = { ...failureOf(end, 'process', asked, reason), attempts: spent }
  const most = Math.min(maxDeliveries, policy.hold.maxDeliveries)
  if (holds <= most) {
    const notBefore = 'untilMs' in time ? time.untilMs : failure.lastSeen + time.forMs
    return { status: 'hold', failure, notBefore: Math.ceil(notBefore), holds }
  }
  const why = most === 0 ? 'nothing is held where each record runs at most once' : `held ${most} times already`
  const tooOften = { ...failure, rule: 'held too often', reason: `${why}: ${reason}` }
  if (policy.retry.onExhausted !== 'retry') return givenUp(policy.retry.onExhausted, tooOften)
  return { status: 'hold', failure: tooOften, notBefore: failure.lastSeen + policy.retry.capMs, holds: most }
}

const givenUp = (action: PoisonAction, failure: Failure): Verdict => ({ status: action, failure })

function failureOf(end: RunEnd, stage: Stage, rule: string, reason: string, error?: Error): Failure {
  const { record, attempt, entry } = end
  const now = end.now()
  const base = { record, attempts: attempt, firstSeen: firstFailure(entry, now), lastSeen: now, stage, rule, reason }
  return error === undefined ? base : { ...base, error }
}
