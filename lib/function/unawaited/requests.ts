import { subscribe } from 'node:diagnostics_channel'
import { runs, unawaited, type WatchedRun } from './run.js'

/** The run of each request under way. */
const requests = new WeakMap<object, WatchedRun>()
let watching = false

/** Node's own channels of `node:http` and `fetch`, and one for writes by other ways: each a message `{ request: {} }`. */
export function watchRequests(): void {
  if (watching) return
  watching = true
  const started = (message: unknown) => {
    const { request } = message as { request: { method?: string } }
    const run = runs.getStore()
    if (run === undefined || request.method === 'GET' || request.method === 'HEAD') return
    // The AWS SDK sends a few turns after it was called.
    if (run.returned) run.reject(unawaited())
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
  subscribe('millrace:write:started', started)
  subscribe('millrace:write:ended', ended)
}
