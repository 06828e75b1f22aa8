import { MillraceError, show } from '../../errors.js'
import { refused, unwritten } from '../answers.js'
import type { Acknowledgement } from '../contract.js'

/** What a service says of a request. `failed`: of these ids alone. */
export type Answer =
  | { readonly kind: 'taken'; readonly failed: ReadonlyMap<string, Acknowledgement> }
  | { readonly kind: 'later' | 'refused'; readonly error: Error }

/** One request to a service. */
export interface Request {
  /** For messages. */
  readonly sink: string
  readonly url: URL
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly ids: ReadonlySet<string>
}

/** An answer longer than this many characters is not read. */
const longestAnswer = 1_000_000

/** Client errors that are no fault of a record: who asks may not (yet), time-out, too early, too many requests. */
const passing: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429])

/** Posts, and reads the answer. Never throws. */
export async function post(request: Request, signal: AbortSignal): Promise<Answer> {
  const ending = new AbortController()
  const end = () => ending.abort(signal.reason)
  const timer = setTimeout(
    () => ending.abort(failure(`no answer in ${request.timeoutMs} ms; the option timeoutMs gives it more`)),
    request.timeoutMs,
  )
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  try {
    const { url, body, headers } = request
    const send = () => fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal: ending.signal })
    // That a connection was closed while nobody looked (a freeze) shows by its use; the request is idempotent by its key.
    const response = await send().catch((error) => {
      if (ending.signal.aborted || !wasClosed(error)) throw error
      return send()
    })
    // To its end, so that the connection can be used again.
    return answerOf(request, response, await textOf(response))
  } catch (error) {
    return { kind: 'later', error: ending.signal.aborted ? ending.signal.reason : ofNetwork(error as Error) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function answerOf(request: Request, { ok, status, headers }: Response, text: string): Answer {
  if (ok) return { kind: 'taken', failed: failedOf(request, text) }
  const moved = headers.get('location')
  const error = failure(
    moved === null
      ? `it answers ${status}: ${show(text)}`
      : `it answers ${status} and names ${moved}; redirects are not followed, so give the sink that url`,
  )
  return { kind: status < 400 || status >= 500 || passing.has(status) ? 'later' : 'refused', error }
}

/** The records that an answer names as failed. @throws MillraceError where it names any, and it cannot be told which */
function failedOf({ sink, ids }: Request, text: string): ReadonlyMap<string, Acknowledgement> {
  const { failures = [] } = (parsed(text) ?? {}) as { failures?: unknown }
  if (!Array.isArray(failures)) throw failure(`its answer has failures that are no list: ${show(failures)}`)
  return new Map(
    failures.map((one: unknown) => {
      const { id, status = 'retry', reason } = (one ?? {}) as { id?: unknown; status?: unknown; reason?: unknown }
      if (typeof id !== 'string' || !ids.has(id)) throw failure(`its answer names ${show(id)}, which it was not sent`)
      const error = failure(typeof reason === 'string' ? reason : 'the service names it as failed')
      return [id, status === 'fallback' ? refused(sink, error) : unwritten(sink, error)]
    }),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is no JSON names no failures.
    return undefined
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > longestAnswer) throw failure(`its answer is longer than ${longestAnswer} characters`)
  }
  return text + decoder.decode()
}

const failure = (text: string): Error => new MillraceError('ML_SINK_FAILED', text)

const closings: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Whether the other side has closed a connection before it answered. */
const wasClosed = ({ cause }: Error): boolean => closings.has((cause as { code?: unknown } | undefined)?.code)

/** What fetch throws says little; its cause says what happened. */
const ofNetwork = (error: Error): Error => (error.cause instanceof Error ? error.cause : error)
