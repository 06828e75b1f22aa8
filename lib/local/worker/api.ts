import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FunctionError } from './types.js'

/** One event to hand out. */
export interface Job {
  readonly requestId: string
  readonly functionArn: string
  readonly traceId: string
  readonly timeoutMs: number
  readonly body: string
}

/** What the runtime client says, in the words of Lambda's runtime API. */
export interface ApiEvents {
  /** The client asked for its first invocation: initialisation is over. */
  ready(): void
  /** The job was handed out; its time runs. */
  started(): void
  /** `body` is undefined where it was larger than Lambda takes. */
  answered(body: string | undefined): void
  failed(error: FunctionError): void
  initFailed(error: FunctionError): void
}

/** The parent's side of the runtime API, for one process. */
export interface RuntimeApi {
  /** `host:port` */
  readonly address: string
  /** Hands the job out as soon as the client asks. One at a time. */
  offer(job: Job): void
  close(): void
}

/** The largest answer of a synchronous invocation, in bytes. */
const largestAnswer = 6 * 1024 * 1024

const prefix = '/2018-06-01/runtime/'

/** Serves the runtime API on 127.0.0.1, on a port of the system's choice. */
export async function serveRuntimeApi(events: ApiEvents): Promise<RuntimeApi> {
  let poll: ServerResponse | undefined
  let job: Job | undefined
  /** The invocation whose answer is awaited; any other is late and changes nothing. */
  let running: string | undefined

  const hand = (): void => {
    if (!poll || !job) return
    const [response, { requestId, functionArn, traceId, timeoutMs, body }] = [poll, job]
    poll = job = undefined
    running = requestId
    events.started()
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': requestId,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + timeoutMs),
      'Lambda-Runtime-Invoked-Function-Arn': functionArn,
      'Lambda-Runtime-Trace-Id': traceId,
    })
    response.end(body)
  }

  const next = (response: ServerResponse): void => {
    poll = response
    response.on('close', () => {
      if (poll === response) poll = undefined
    })
    events.ready()
    hand()
  }

  const finish = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const body = await bounded(request)
    if (path === 'init/error') {
      events.initFailed(readError(body))
      return reply(response, 202, 'OK')
    }
    const [, requestId, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? []
    if (requestId === undefined) return reply(response, 404, 'NotFound')
    if (requestId !== running) return reply(response, 400, 'InvalidRequestID')
    running = undefined
    if (what === 'error') events.failed(readError(body))
    else events.answered(body)
    reply(response, body === undefined ? 413 : 202, body === undefined ? 'RequestEntityTooLarge' : 'OK')
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '').startsWith(prefix) ? (request.url ?? '').slice(prefix.length) : ''
    if (request.method === 'GET' && path === 'invocation/next') return next(response)
    // A request that breaks off is the end of the process that made it, which is noticed there.
    if (request.method === 'POST') return void finish(request, response, path).catch(() => response.destroy())
    reply(response, 404, 'NotFound')
  })
  return {
    address: await listen(server),
    offer: (offered) => {
      job = offered
      hand()
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

function reply(response: ServerResponse, status: number, word: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(status < 300 ? { status: word } : { errorType: word, errorMessage: word }))
}

/** The whole body as text, or undefined where it is larger than an answer may be. */
async function bounded(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size <= largestAnswer) chunks.push(chunk as Buffer)
  }
  return size > largestAnswer ? undefined : Buffer.concat(chunks).toString('utf8')
}

/** Lambda's own client writes `trace` where the API's description says `stackTrace`. */
function readError(body: string | undefined): FunctionError {
  try {
    const { errorType, errorMessage, stackTrace, trace, cause } = JSON.parse(body ?? '') as Partial<FunctionError> & {
      trace?: string[]
    }
    const error = {
      errorType: errorType ?? 'Error',
      errorMessage: errorMessage ?? '',
      stackTrace: stackTrace ?? trace ?? [],
    }
    return cause === undefined ? error : { ...error, cause }
  } catch {
    return {
      errorType: 'Runtime.Unknown',
      errorMessage: `an error that cannot be read: ${body?.slice(0, 200)}`,
      stackTrace: [],
    }
  }
}
