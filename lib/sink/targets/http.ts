import { createHash } from 'node:crypto'
import { invalid, optionsOf } from '../../check-option.js'
import { show } from '../../errors.js'
import { refused, unwritten, written } from '../answers.js'
import type { Acknowledgement, Sink, SinkRecord } from '../contract.js'
import { shown } from '../text.js'
import { type Answer, post } from './post.js'

/** A service, and how records are sent to it. */
export interface HttpSinkOptions {
  /** Where records are posted to, by http or https. */
  readonly url: string | URL
  /** Records in one request, 1 to 10,000. Default 100. */
  readonly batch?: number
  /** For example `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds that a request may take, 1 to 840,000. Default 10,000. */
  readonly timeoutMs?: number
  /**
   * The body of a request. Default: a JSON array of `{ id, key, value, headers }`, where bytes are text, or `{ base64 }` where they
   * are none.
   */
  readonly body?: (records: readonly SinkRecord[]) => string | Uint8Array<ArrayBuffer>
}

/** Refused requests in one write. Halving finds one bad record of 10,000 in 14 of them, and a hundred of a hundred in 199. */
const mostRefused = 200

/**
 * Posts records to a service, many in one request, one request at a time so that they stay in order.
 *
 * Any 2xx acknowledges all of them, unless its JSON names `failures: [{ id, status?, reason? }]`: those alone fail, by `status`
 * `retry` (default) or `fallback`. 401, 403, 407, 408, 425, 429, 5xx, time-outs and broken connections end the write: what is not
 * acknowledged is retried. Any other 4xx refuses a record for good that was sent alone; of more, halves are sent to find out which. Redirects
 * are not followed. The header `Idempotency-Key` is the same for the same records, and each record has its `id`.
 *
 * Connections are kept alive and used again; Node closes those that have been idle for some seconds. One that the service has closed
 * meanwhile costs no attempt: the request goes out once more.
 *
 * @throws MillraceError `ML_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { json, kafkaFunction, ok } from 'millrace'
 * import { httpSink } from 'millrace/sinks'
 *
 * const search = httpSink({ url: 'https://search.example/index', batch: 500, timeoutMs: 5_000 })
 * export const handler = kafkaFunction({ value: json(), onSuccess: search }, (record) => ok({ value: record.value }))
 * ```
 */
export function httpSink(options: HttpSinkOptions): Sink {
  const { batch, headers, timeoutMs, body, url } = readOptions(options)
  const name = `http ${url.origin}${url.pathname}`
  const underWay = new Set<Promise<unknown>>()

  function send(records: readonly SinkRecord[], signal: AbortSignal): Promise<Answer> {
    const ids = new Set(records.map(({ id }) => id))
    const key = createHash('sha256')
      .update([...ids].join('\n'))
      .digest('base64url')
    const fields = { 'content-type': 'application/json', ...headers, 'idempotency-key': key }
    return post({ sink: name, url, body: body(records), headers: fields, timeoutMs, ids }, signal)
  }

  async function write(records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly Acknowledgement[]> {
    const answers = new Map<SinkRecord, Acknowledgement>()
    const due = slices(records, batch)
    let refusals = 0
    let down: Error | undefined
    for (let some = due.shift(); some !== undefined && down === undefined; some = due.shift()) {
      const answer = await send(some, signal)
      if (answer.kind === 'taken') for (const one of some) answers.set(one, answer.failed.get(one.id) ?? written)
      else if (answer.kind === 'later') down = answer.error
      else if (some.length === 1) for (const one of some) answers.set(one, refused(name, answer.error))
      else if (++refusals > mostRefused) down = answer.error
      else due.unshift(...slices(some, Math.ceil(some.length / 2)))
    }
    // What comes behind what was not taken is not sent, so that it stays behind it.
    return records.map((record) => answers.get(record) ?? unwritten(name, down))
  }

  return {
    name,
    write(records, signal) {
      const writing = write(records, signal)
      underWay.add(writing)
      return writing.finally(() => underWay.delete(writing))
    },
    async close() {
      await Promise.allSettled(underWay)
    },
  }
}

const slices = (records: readonly SinkRecord[], size: number): (readonly SinkRecord[])[] =>
  Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size))

const bodyOf = (records: readonly SinkRecord[]): string =>
  JSON.stringify(
    records.map(({ id, key, value, headers }) => ({
      id,
      key: shown(key),
      value: shown(value),
      headers: headers.map((header) => [header.key, shown(header.value)]),
    })),
  )

const known = ['url', 'batch', 'headers', 'timeoutMs', 'body'] as const

function readOptions(options: HttpSinkOptions) {
  const example = "httpSink({ url: 'https://search.example/index' })"
  const { url, ...others } = optionsOf('httpSink', options, known, example)
  const { batch = 100, timeoutMs = 10_000, headers = {}, body = bodyOf } = others
  const target = URL.canParse(String(url)) ? new URL(url) : undefined
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:')
    throw refusal('url', url, 'an http or https address')
  if (!isCount(batch, 10_000)) throw refusal('batch', batch, 'a whole number from 1 to 10,000')
  if (!isCount(timeoutMs, 840_000)) throw refusal('timeoutMs', timeoutMs, 'a whole number from 1 to 840,000')
  return { url: target, batch, timeoutMs, headers, body }
}

const isCount = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most

const refusal = (name: string, value: unknown, wanted: string) =>
  invalid(`${name} of httpSink`, `is ${show(value)}, not ${wanted}`)
