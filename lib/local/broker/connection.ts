import type { Socket } from 'node:net'
import type { BrokerState } from './api/api.js'
import { FrameSplitter } from './frames.js'
import { answerRequest, type Peer } from './requests.js'

/** Requests read ahead of the one that is being answered; beyond it the client is made to wait. */
const maxQueued = 8

/**
 * Serves one client: requests are answered one by one, in the order they came. What cannot be read ends this connection
 * and no other. Requests that arrived whole are still carried out when the client has gone, as with acks 0.
 */
export function serveConnection(socket: Socket, state: BrokerState, node: Peer['node']): void {
  const gone = new AbortController()
  const name = `${socket.remoteAddress}:${socket.remotePort}`
  const peer: Peer = { node, gone: gone.signal, host: socket.remoteAddress ?? '' }
  const splitter = new FrameSplitter()
  const queue: Buffer[] = []
  let busy = false

  const fail = (error: unknown) => {
    state.log(`broker: closed the connection of ${name}: ${error instanceof Error ? error.message : error}`)
    queue.length = 0
    socket.destroy()
  }
  const work = async () => {
    if (busy) return
    busy = true
    for (let frame = queue.shift(); frame !== undefined; frame = queue.shift()) {
      const answer = await answerRequest(frame, state, peer)
      if (answer !== undefined) await send(socket, answer)
      if (queue.length < maxQueued) socket.resume()
    }
    busy = false
  }
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    try {
      queue.push(...splitter.push(chunk))
    } catch (error) {
      return fail(error)
    }
    if (queue.length >= maxQueued) socket.pause()
    work().catch(fail)
  })
  socket.on('error', fail)
  socket.on('close', () => gone.abort())
}

async function send(socket: Socket, parts: readonly Buffer[]): Promise<void> {
  if (socket.destroyed) return
  socket.cork()
  let room = true
  for (const part of parts) room = socket.write(part)
  socket.uncork()
  if (!room) await drained(socket)
}

/** A slow reader holds up its own requests only; one that leaves holds up nothing. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
