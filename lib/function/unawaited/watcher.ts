import { asError } from '../../errors.js'
import type { RawRecord } from '../../event/index.js'
import { watchRequests } from './requests.js'
import { type Failures, type Records, runs, unawaited, unhandled, WatchedRun } from './run.js'

/** What a handler returned, or why it failed. */
export type Ended = { readonly returned: unknown } | { readonly error: Error }

/**
 * Runs a handler, sees to what it has not awaited, and answers what is made of its end: at once, where it returned no promise.
 * Throws what `made` throws.
 */
export type Watch = <R>(
  records: Records,
  signal: AbortSignal,
  handler: () => unknown,
  made: (ended: Ended) => R,
) => R | Promise<R>

/** Runs without watching: what is not awaited goes unnoticed. */
export const unwatched: Watch = (_records, _signal, handler, made) =>
  endOf(
    handler,
    (returned) => made({ returned }),
    (thrown) => made({ error: asError(thrown) }),
  )

/** One promise more than the handler's own, if any: a batch makes thousands. */
function endOf<R>(
  handler: () => unknown,
  ended: (returned: unknown) => R | Promise<R>,
  failed: (thrown: unknown) => R,
): R | Promise<R> {
  let returned: unknown
  try {
    returned = handler()
  } catch (thrown) {
    return failed(thrown)
  }
  return isThenable(returned) ? Promise.resolve(returned).then(ended, failed) : ended(returned)
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'

/**
 * Watches the handlers of one invocation (K-06): a rejection that nobody handles, and a write request (HTTP, by the AWS SDK,
 * `fetch` or `node:http`; not GET or HEAD) that has no answer when the handler returns, fail the records of the run that
 * started them. Before Node 22.12 a request by `node:http` is seen once it has a connection, which in a warm environment is
 * at once.
 */
export class Watcher implements Failures {
  /** Records with what they had started and not awaited, and what has failed. */
  readonly rejected = new Map<RawRecord, Error>()
  /** A rejection that no run of this invocation has started. */
  stray: Error | undefined
  #isTracing = false

  /**
   * What has failed since it was asked last; `ended`: no handler is under way, so what runs until the next one is not traced.
   *
   * @throws MillraceError `ML_HANDLER_PENDING` for what no record has started, each time until `ended`
   */
  async failures(handlers: 'running' | 'ended'): Promise<ReadonlyMap<RawRecord, Error>> {
    // Node tells of a rejection once nothing else is to be done.
    await new Promise((resolve) => setImmediate(resolve))
    if (handlers === 'ended') this.#rest()
    const { stray } = this
    if (handlers === 'ended') this.stray = undefined
    if (stray !== undefined) throw unhandled(stray)
    const failures = new Map(this.rejected)
    this.rejected.clear()
    return failures
  }

  readonly watch: Watch = (records, signal, handler, made) => {
    const run = new WatchedRun(records, this)
    if (!this.#isTracing) this.#trace()
    return endOf(
      () => runs.run(run, handler),
      (returned) => {
        run.returned = true
        if (run.pending > 0) return pendingEnd(run, signal).then(made)
        return made(run.rejection === undefined ? { returned } : { error: unhandled(run.rejection) })
      },
      (thrown) => made({ error: asError(thrown) }),
    )
  }

  #trace(): void {
    this.#isTracing = true
    tracing.add(this)
  }

  /** Before Node 24, tracing taxes every promise of the process: those of the store's calls are many. */
  #rest(): void {
    this.#isTracing = false
    tracing.delete(this)
    if (tracing.size === 0) runs.disable()
  }

  /** Begins to catch rejections. Answers how to stop, and what has come too late for any record to fail by it. */
  begin(): () => readonly Error[] {
    watchRequests()
    active.add(this)
    if (active.size === 1) takeOver()
    return () => {
      this.#rest()
      active.delete(this)
      if (active.size === 0) handBack()
      return [...this.rejected.values(), ...(this.stray === undefined ? [] : [this.stray])]
    }
  }
}

/** Waits until the last of its requests has an answer, and what rejects by it has had the time to be noticed. */
async function pendingEnd(run: WatchedRun, signal: AbortSignal): Promise<Ended> {
  await new Promise<void>((resolve) => {
    run.answered = resolve
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  run.answered = undefined
  await new Promise((resolve) => setImmediate(resolve))
  return { error: run.rejection === undefined ? unawaited() : unhandled(run.rejection) }
}

const active = new Set<Failures>()
/** Those whose handlers are under way. */
const tracing = new Set<Watcher>()
let others: NodeJS.UnhandledRejectionListener[] = []

/** Lambda's runtime ends the process on a rejection; while records run, the record fails instead. */
function takeOver(): void {
  others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', caught)
}

function handBack(): void {
  process.off('unhandledRejection', caught)
  for (const listener of others) process.on('unhandledRejection', listener)
}

function caught(reason: unknown): void {
  const error = asError(reason)
  const run = runs.getStore()
  if (run === undefined || !active.has(run.watcher)) {
    for (const watcher of active) watcher.stray ??= error
    return
  }
  run.rejection ??= error
  run.reject(unhandled(error))
}
