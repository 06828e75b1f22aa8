import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { get, list, type Running, update } from './operations.js'
import { invalid, notOurName, Refused, unknownOperation } from './refusal.js'

/** How to serve it. */
export interface ControlOptions {
  /** What runs just now: asked for at each request. */
  readonly running: () => Running
  /** Takes a line for what a developer should know. */
  readonly log?: (line: string) => void
}

/** Lambda's API for the mappings of this machine, listening. */
export interface Control {
  /** What a client of Lambda takes as its endpoint. */
  readonly url: string
  stop(): Promise<void>
}

const path = '/2015-03-31/event-source-mappings'

/** No request that is served has more bytes. */
const mostBytes = 64 * 1024

/**
 * Serves what `@aws-sdk/client-lambda` asks for to list, read, enable and disable event source mappings, on a free port of
 * 127.0.0.1. Any credentials do.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const server = createServer((request, response) => {
    answer(request, options)
      .then((given) => write(response, given))
      .catch((error: unknown) => {
        options.log?.(`a request to the mappings failed: ${error}`)
        response.destroy()
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Answer {
  readonly status: number
  readonly body: object
  readonly errorType?: string
}

async function answer(request: IncomingMessage, options: ControlOptions): Promise<Answer> {
  try {
    return await served(request, options)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { status, type, message } = error.refusal
    return { status, body: { Type: 'User', Message: message }, errorType: type }
  }
}

async function served(request: IncomingMessage, { running, log }: ControlOptions): Promise<Answer> {
  const { method = '', url = '', headers, socket } = request
  if (!isOurName(headers.host, socket.localPort)) throw notOurName(headers.host)
  const here = 'http://127.0.0.1'
  if (!URL.canParse(url, here)) throw unknownOperation(method, url)
  const { pathname, searchParams } = new URL(url, here)
  const [, uuid] = new RegExp(`^${path}(?:/([^/]*))?/?$`).exec(pathname) ?? []
  const isOurs = pathname === path || pathname.startsWith(`${path}/`)
  if (isOurs && method === 'GET' && !uuid) return { status: 200, body: list(running(), searchParams) }
  if (uuid && method === 'GET') return { status: 200, body: get(running(), uuid) }
  if (uuid && method === 'PUT') {
    const body = await read(request)
    const onError = (error: unknown): void => log?.(`a mapping could not be switched: ${error}`)
    return { status: 202, body: update(running(), uuid, body, onError) }
  }
  throw unknownOperation(method, pathname)
}

/** A page of the web whose own name was made to point at this machine sends that name: it switches nothing here. */
const isOurName = (host: string | undefined, port = 0): boolean =>
  ['127.0.0.1', 'localhost'].some((name) => host === `${name}:${port}`)

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw invalid('the request is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function write(response: ServerResponse, { status, body, errorType }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-requestid': randomUUID(),
    ...(errorType !== undefined && { 'x-amzn-errortype': errorType }),
  })
  response.end(JSON.stringify(body))
}
