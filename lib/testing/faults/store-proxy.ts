import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../../errors.js'
import { parseJson, readRequest, type StoreRequest } from './request.js'

/** An answer in the store's place; the store never sees the request. */
export interface StoreAnswer {
  /** HTTP status. */
  readonly status: number
  /** Sent as JSON. An error names itself in `__type`, for example `ValidationException`. */
  readonly body: object
}

/** Another body that is passed on in place of the caller's, who is told the store's answer to it. */
export interface StoreRewrite {
  readonly rewritten: object
}

/** A request that is late, or whose answer never comes: the connection is closed, and the caller cannot tell what became of it. */
export interface StoreLoss {
  /** What gets lost: the request, which the store then never sees, or the answer to what it has done. */
  readonly lost?: 'request' | 'answer'
  /** How long the request is held before anything else happens, in milliseconds. Default 0. */
  readonly delayMs?: number
}

/** Decides what becomes of one request. Called once per request, in the order of their arrival. */
export type StoreRule = (request: StoreRequest) => 'pass' | StoreAnswer | StoreRewrite | StoreLoss

/** A request with what was answered. */
export interface Exchange {
  readonly request: StoreRequest
  readonly status: number
  /** The answer's body, parsed when first asked for. */
  readonly answer: object
  /** The rule answered, and the store never saw the request. */
  readonly byRule: boolean
}

/** How to start a proxy. */
export interface StoreProxyOptions {
  /** The store behind it, an `http:` URL. */
  readonly target: string
  /** Default: everything passes. */
  readonly rule?: StoreRule
  /** Told of every exchange, after the store's answer and before the caller has it. */
  readonly onExchange?: (exchange: Exchange) => void
}

/** A proxy that runs. */
export interface StoreProxy {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string
  /** Closes all connections; what is under way is cut off. */
  stop(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const jsonType = 'application/x-amz-json-1.0'

/** More than a function ever has under way at once. */
const sockets = 256

/**
 * Starts a proxy in front of a DynamoDB endpoint, on 127.0.0.1 and a free port. It passes requests on as they are, signature
 * included, so the endpoint behind it must not check for which host a request was signed: local stores do not.
 *
 * @throws MillraceError `ML_OPTION_INVALID` where the target is no `http:` URL
 */
export async function startStoreProxy({ target, rule, onExchange }: StoreProxyOptions): Promise<StoreProxy> {
  const to = targetUrl(target)
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, scheduling: 'lifo' })

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await collect(incoming)
    const request = readRequest(String(incoming.headers['x-amz-target'] ?? ''), bytes)
    const verdict = rule?.(request) ?? 'pass'
    const isAnswer = verdict !== 'pass' && 'status' in verdict
    const isRewrite = verdict !== 'pass' && 'rewritten' in verdict
    const { lost, delayMs = 0 }: StoreLoss = verdict === 'pass' || isAnswer || isRewrite ? {} : verdict
    if (delayMs > 0) await delay(delayMs)
    if (lost === 'request') return void response.destroy()
    const passed = isRewrite ? Buffer.from(JSON.stringify(verdict.rewritten)) : bytes
    const reply = isAnswer ? replyOf(verdict) : await pass(to, agent, incoming, passed)
    onExchange?.(exchangeOf(request, reply, isAnswer))
    if (lost === 'answer') return void response.destroy()
    response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length })
    response.end(reply.body)
  }

  const server = createServer((incoming, response) => {
    // A caller that dies meanwhile has nobody to answer to; a store that dies shows as a lost answer.
    serve(incoming, response).catch(() => response.destroy())
  })
  // The caller ends its connections, so that none closes under a request.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        agent.destroy()
      }),
  }
}

function targetUrl(target: string): URL {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url?.protocol === 'http:') return url
  throw new MillraceError(
    'ML_OPTION_INVALID',
    `the store behind the fault proxy is ${target}, not an http URL; give a local store's endpoint, for example http://127.0.0.1:8000`,
  )
}

function pass(to: URL, agent: Agent, incoming: IncomingMessage, bytes: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { connection: _, 'transfer-encoding': __, ...headers } = incoming.headers
    const outgoing = send(
      {
        agent,
        hostname: to.hostname,
        port: to.port || 80,
        method: incoming.method,
        path: incoming.url,
        headers: { ...headers, 'content-length': bytes.length },
      },
      (answer) => {
        const { connection: _connection, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = answer.headers
        collect(answer).then((body) => resolve({ status: answer.statusCode ?? 502, headers: kept, body }), reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
}

function collect(stream: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    stream.on('error', reject)
    stream.on('aborted', () => reject(new Error('the connection was closed')))
  })
}

const replyOf = ({ status, body }: StoreAnswer): Reply => ({
  status,
  headers: { 'content-type': jsonType },
  body: Buffer.from(JSON.stringify(body)),
})

function exchangeOf(request: StoreRequest, { status, body }: Reply, byRule: boolean): Exchange {
  let answer: object | undefined
  return {
    request,
    status,
    byRule,
    get answer() {
      answer ??= parseJson(body)
      return answer
    },
  }
}
