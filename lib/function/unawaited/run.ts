import { AsyncLocalStorage } from 'node:async_hooks'
import { discreetMessage } from '../../discreet.js'
import { MillraceError } from '../../errors.js'
import type { RawRecord } from '../../event/index.js'

/** The record of a run, or the records of a batch handler's. */
export type Records = RawRecord | readonly RawRecord[]

/** What failed after its handler had returned, or by no handler that is known. */
export interface Failures {
  readonly rejected: Map<RawRecord, Error>
  stray: Error | undefined
}

/** One run of a handler. */
export class WatchedRun {
  readonly records: Records
  readonly watcher: Failures
  /** Requests that may write, without an answer yet. */
  pending = 0
  rejection: Error | undefined
  answered: (() => void) | undefined
  returned = false

  constructor(records: Records, watcher: Failures) {
    this.records = records
    this.watcher = watcher
  }

  /** Its records fail, though their handler has returned. */
  reject(error: Error): void {
    for (const record of [this.records].flat()) this.watcher.rejected.set(record, error)
  }
}

/** The run that what happens now belongs to. */
export const runs = new AsyncLocalStorage<WatchedRun>()

const rejected = (why: string) =>
  `a promise that the handler had started and not awaited was rejected: ${why}; await it`

export const unhandled = (cause: Error) =>
  new MillraceError('ML_HANDLER_PENDING', rejected(cause.message), {
    cause,
    discreet: rejected(discreetMessage(cause)),
  })

export const unawaited = () =>
  new MillraceError(
    'ML_HANDLER_PENDING',
    'the handler returned before a request that it had sent was answered, so its outcome said nothing of that write; await it, ' +
      "or let the option unawaitedWrites be 'ignore'",
  )
