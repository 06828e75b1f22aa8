import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request as the service got it. */
export interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A small HTTP service on 127.0.0.1. */
export interface Service {
  readonly url: string
  readonly received: readonly Received[]
  /** Connections that were ever made, and those that are open. */
  readonly sockets: { readonly made: number; readonly open: number }
  stop(): Promise<void>
}

/** Starts a service; `serve` answers each request once its body is read. */
export async function startService(
  serve: (request: Received, response: ServerResponse) => void,
  keepAliveMs = 5_000,
): Promise<Service> {
  const received: Received[] = []
  const open = new Set<Socket>()
  let made = 0
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(parts).toString() }
      received.push(one)
      serve(one, response)
    })
  })
  server.on('connection', (socket) => {
    made++
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/records`,
    received,
    sockets: {
      get made() {
        return made
      },
      get open() {
        return open.size
      },
    },
    stop() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return ended
    },
  }
}
