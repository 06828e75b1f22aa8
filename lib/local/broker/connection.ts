import type { Socket } from 'node:net'
import type { BrokerState } from './api/api.js'
import { FrameSplitter } from './frames.js'
import { answerer, type Peer } from './requests.js'
import { Session } from './sasl/index.js'
import { waiting } from './waiting.js'
import { MalformedRequest } from './wire/reader.js'

/** Requests and their bytes read ahead of the one that is being answered; beyond either the client is made to wait. */
const maxQueued = 8
const maxQueuedBytes = 1024 * 1024

/** One client, as those see it that look after all of them. */
export interface Connection {
  /** Bytes of requests that are incomplete, or not answered yet. */
  readonly heldBytes: number
  /** Whether a request is being answered, perhaps for a client that has gone. */
  readonly busy: boolean
  /** Resolves when the client has gone and nothing of it is left to be done. */
  readonly over: Promise<void>
  /** Ends it, and what it asked for; the reason goes to the log, if there is one. */
  drop(reason?: string): void
}

/**
 * Serves one client: requests are answered one by one, in the order they came. What cannot be read ends this connection
 * and no other. Requests that arrived whole are still carried out when the client has gone, as with acks 0. `onHeld` is called
 * when there is more of it to hold.
 */
export function serveConnection(
  socket: Socket,
  state: BrokerState,
  node: Peer['node'],
  onHeld: () => void,
): Connection {
  const { limits } = state
  const gone = new AbortController()
  const name = `${socket.remoteAddress}:${socket.remotePort}`
  const peer: Peer = { node, gone: gone.signal, host: socket.remoteAddress ?? '', session: new Session(state.sasl) }
  const answerTo = answerer(state, peer)
  const splitter = new FrameSplitter(limits.maxRequestBytes)
  let queue: Buffer[] = []
  let queuedBytes = 0
  let busy = false
  let answering = false
  const { promise: over, answer: end } = waiting<void>()

  const drop = (reason?: string) => {
    if (reason !== undefined && !socket.destroyed) state.log(`broker: closed the connection of ${name}: ${reason}`)
    queue = []
    queuedBytes = 0
    splitter.reset()
    socket.destroy()
  }
  const isFull = () => queue.length >= maxQueued || queuedBytes >= maxQueuedBytes
  const work = async () => {
    if (busy) return
    busy = true
    for (let frame = queue[0]; frame !== undefined; frame = queue[0]) {
      answering = true
      const answer = await answerTo(frame)
      answering = false
      if (answer !== undefined) await send(socket, answer)
      if (queue.shift() !== undefined) queuedBytes -= frame.length
      if (!isFull()) socket.resume()
    }
    busy = false
    if (socket.destroyed) end()
  }
  const dropFor = (error: unknown) => {
    if (error instanceof MalformedRequest) return drop(error.message)
    drop(`it could not be answered: ${error instanceof Error ? error.stack : error}`)
  }
  const failed = (error: unknown) => {
    busy = false
    answering = false
    if (socket.closed) end()
    dropFor(error)
  }
  socket.setNoDelay(true)
  socket.setTimeout(limits.maxIdleMs)
  // A client that waits for its answer is not idle; one that does not take it is.
  socket.on('timeout', () => answering || drop(`nothing came or went for ${limits.maxIdleMs} ms`))
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of splitter.push(chunk)) {
        queue.push(frame)
        queuedBytes += frame.length
      }
    } catch (error) {
      return dropFor(error)
    }
    if (isFull()) socket.pause()
    work().catch(failed)
    onHeld()
  })
  socket.on('error', (error) => drop(error.message))
  socket.on('close', () => {
    splitter.reset()
    gone.abort()
    if (!busy) end()
  })
  return {
    get heldBytes() {
      return queuedBytes + splitter.heldBytes
    },
    get busy() {
      return busy
    },
    over,
    drop,
  }
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
