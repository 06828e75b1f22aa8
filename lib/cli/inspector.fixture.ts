import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { Socket } from 'node:net'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** A debugger's session with a process, as much of it as a test needs. */
export interface Session {
  /** What the process has told of its own accord, oldest first. */
  readonly events: readonly Message[]
  send(method: string, params?: object): Promise<Record<string, unknown>>
  close(): void
}

/** Connects to an inspector at a `ws:` address. Node 20 has no WebSocket of its own. */
export async function inspectorSession(address: string): Promise<Session> {
  const socket = await upgraded(new URL(address))
  const events: Message[] = []
  const waiting = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>()
  let last = 0
  let rest = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process has ended'))
  })
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      rest = rest.subarray(frame.size)
      const message = JSON.parse(frame.text) as Message
      if (message.id === undefined) events.push(message)
      else if (message.error) waiting.get(message.id)?.reject(new Error(message.error.message))
      else waiting.get(message.id)?.resolve(message.result ?? {})
    }
  })
  return {
    events,
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve, reject })
        socket.write(writeFrame(JSON.stringify({ id: last, method, params })))
      }),
    close: () => socket.destroy(),
  }
}

function upgraded({ hostname, port, pathname }: URL): Promise<Socket> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
  }
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: pathname, headers })
      .on('upgrade', (_, socket) => resolve(socket as Socket))
      .on('error', reject)
      .end()
  })
}

/** The first whole text frame; a server sends them unmasked. */
function readFrame(bytes: Buffer): { text: string; size: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = (bytes[1] ?? 0) & 0x7f
  const head = short === 127 ? 10 : short === 126 ? 4 : 2
  if (bytes.length < head) return undefined
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  const size = head + length
  return bytes.length < size ? undefined : { text: bytes.toString('utf8', head, size), size }
}

/** One masked text frame, as a client has to send it; a mask of zeros changes nothing. */
function writeFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(8)
  head.writeUInt8(0x81, 0)
  head.writeUInt8(0x80 | 126, 1)
  head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
