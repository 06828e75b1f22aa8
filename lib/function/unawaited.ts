import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { asError, MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'

/** What a handler returned, or why it failed. */
export type Ended = { readonly returned: unknown } | { readonly error: Error }

/** The record of a run, or the records of a batch handler's. */
type Records = RawRecord | readonly RawRecord[]

/** Runs a handler and sees to what it has not awaited; at once, where it returned no promise. Never throws. */
export type Watch = (records: Records, signal: AbortSignal, handler: () => unknown) => Ended | Promise<Ended>

/** One run of a handler. */
class WatchedRun {
  readonly records: Records
  readonly watcher: Watcher
  /** Requests that may write, without an answer yet. */
  pending = 0
  rejection: Error | undefined
  answered: (() => void) | undefined
  returned = false

  constructor(records: Records, watcher: Watcher) {
    this.records = records
    this.watcher = watcher
  }
}

const runs = new AsyncLocalStorage<WatchedRun>()

/** Runs without watching: what is not awaited goes unnoticed. */
export const unwatched: Watch = (_records, _signal, handler) => endOf(handler, returnedOf, errorOf)

const returnedOf = (returned: unknown): Ended => ({ returned })
const errorOf = (thrown: unknown): Ended => ({ error: asError(thrown) })

function endOf(
  handler: () => unknown,
  ended: (returned: unknown) => Ended | Promise<Ended>,
  failed: (thrown: unknown) => Ended,
): Ended | Promise<Ended> {
  try {
    const returned = handler()
    return isThenable(returned) ? Promise.resolve(returned).then(ended, failed) : ended(returned)
  } catch (thrown) {
    return failed(thrown)
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'

/**
 * Watches the handlers of one invocation (K-06): a rejection that nobody handles, and a write request (HTTP, by the AWS SDK,
 * `fetch` or `node:http`; not GET or HEAD) that has no answer when the handler returns, fail the records of the run that
 * started them. Before Node 22.12 a request by `node:http` is seen once it has a connection, which in a warm environment is
 * at once.
 */
export class Watcher {
  /** Records with what they had started and not awaited, and what has failed. */
  readonly rejected = new Map<RawRecord, Error>()
  /** A rejection that no run of this invocation has started. */
  stray: Error | undefined

  /** What has failed since it was asked last. @throws MillraceError `ML_HANDLER_PENDING` for what no record has started */
  async failures(): Promise<ReadonlyMap<RawRecord, Error>> {
    // Node tells of a rejection once nothing else is to be done.
    await new Promise((resolve) => setImmediate(resolve))
    if (this.stray !== undefined) throw unhandled(this.stray)
    const failures = new Map(this.rejected)
    this.rejected.clear()
    return failures
  }

  readonly watch: Watch = (records, signal, handler) => {
    const run = new WatchedRun(records, this)
    return endOf(
      () => runs.run(run, handler),
      (returned) => {
        run.returned = true
        if (run.pending > 0) return pendingEnd(run, signal)
        return run.rejection === undefined ? { returned } : { error: unhandled(run.rejection) }
      },
      errorOf,
    )
  }

  /** Begins to catch rejections. Answers how to stop. */
  begin(): () => void {
    watchRequests()
    active.add(this)
    if (active.size === 1) takeOver()
    return () => {
      active.delete(this)
      if (active.size === 0) handBack()
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

const active = new Set<Watcher>()
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
  for (const record of [run.records].flat()) run.watcher.rejected.set(record, unhandled(error))
}

/** The run of each request under way. */
const requests = new WeakMap<object, WatchedRun>()
let watching = false

/** Node's own channels of `node:http` and `fetch`. */
function watchRequests(): void {
  if (watching) return
  watching = true
  const started = (message: unknown) => {
    const { request } = message as { request: { method?: string } }
    const run = runs.getStore()
    if (run === undefined || request.method === 'GET' || request.method === 'HEAD') return
    // The AWS SDK sends a few turns after it was called.
    if (run.returned) for (const record of [run.records].flat()) run.watcher.rejected.set(record, unawaited())
    run.pending++
    requests.set(request, run)
  }
  const ended = (message: unknown) => {
    const { request } = message as { request: object }
    const run = requests.get(request)
    if (run === undefined) return
    requests.delete(request)
    if (--run.pending === 0) run.answered?.()
  }
  // `start` comes once the request has a connection; `created`, since Node 22.12, at once.
  subscribe('http.client.request.created', started)
  subscribe('http.client.request.start', (message) => {
    if (!requests.has((message as { request: object }).request)) started(message)
  })
  subscribe('http.client.response.finish', ended)
  subscribe('http.client.request.error', ended)
  subscribe('undici:request:create', started)
  subscribe('undici:request:headers', ended)
  subscribe('undici:request:error', ended)
}

const unhandled = (cause: Error) =>
  new MillraceError(
    'ML_HANDLER_PENDING',
    `a promise that the handler had started and not awaited was rejected: ${cause.message}; await it`,
    { cause },
  )

const unawaited = () =>
  new MillraceError(
    'ML_HANDLER_PENDING',
    'the handler returned before a request that it had sent was answered, so its outcome said nothing of that write; await it, ' +
      "or let the option unawaitedWrites be 'ignore'",
  )
