import { Agent, type IncomingMessage, request } from 'node:http'
import type { FunctionError } from './types.js'

/** One invocation as the runtime API hands it out. */
export interface Invocation {
  readonly requestId: string
  readonly deadlineMs: number
  readonly functionArn: string
  readonly traceId: string | undefined
  readonly body: string
}

/** The four calls of Lambda's runtime API that a runtime client makes. */
export interface RuntimeClient {
  next(): Promise<Invocation>
  respond(requestId: string, json: string): Promise<void>
  fail(requestId: string, error: FunctionError): Promise<void>
  failInit(error: FunctionError): Promise<void>
}

/** A client of the runtime API at `host:port`. Every call rejects when the other side is gone. */
export function runtimeClient(api: string): RuntimeClient {
  const [host, port] = api.split(':')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  const call = (method: 'GET' | 'POST', path: string, body?: string, errorType?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers: Record<string, string> = { 'Content-Type': 'application/json' }
      if (errorType !== undefined)
        headers['Lambda-Runtime-Function-Error-Type'] = errorType.replace(/[^\x20-\x7e]/g, '?')
      if (body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(body))
      const options = { host, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers }
      const outgoing = request(options, (response) => read(response).then(resolve, reject))
      outgoing.on('error', reject).end(body)
    })

  const post = async (path: string, body: string, errorType?: string): Promise<void> => {
    await call('POST', path, body, errorType)
  }
  const postError = (path: string, error: FunctionError) => post(path, JSON.stringify(error), error.errorType)

  return {
    next: async () => invocation(await call('GET', 'invocation/next')),
    respond: (requestId, json) => post(`invocation/${requestId}/response`, json),
    fail: (requestId, error) => postError(`invocation/${requestId}/error`, error),
    failInit: (error) => postError('init/error', error),
  }
}

interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: string
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const header = (name: string): string | undefined => {
    const value = response.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  return { status: response.statusCode ?? 0, header, body: Buffer.concat(chunks).toString('utf8') }
}

function invocation({ status, header, body }: Answer): Invocation {
  const requestId = header('lambda-runtime-aws-request-id')
  if (status !== 200 || requestId === undefined) throw new Error(`the runtime API answered ${status}: ${body}`)
  return {
    requestId,
    deadlineMs: Number(header('lambda-runtime-deadline-ms')),
    functionArn: header('lambda-runtime-invoked-function-arn') ?? '',
    traceId: header('lambda-runtime-trace-id'),
    body,
  }
}
