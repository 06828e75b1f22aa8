import { once } from 'node:events'
import { connect } from 'node:net'
import encodeRequest from 'kafkajs/src/protocol/request.js'
import protocol from 'kafkajs/src/protocol/requests/index.js'
import { plain } from '../case.js'

/** A connection that sends what it is told to, valid or not, and retries nothing. */
export interface Wire {
  /** Asks by the codecs of kafkajs, and answers what they read; the word `closed` where the broker hangs up. */
  ask(api: string, version: number, payload?: unknown): Promise<unknown>
  /** Sends bytes as they are, for a frame or whatever else. */
  write(bytes: Buffer): void
  /** The next frame without its length; undefined once the broker has hung up. */
  frame(): Promise<Buffer | undefined>
  close(): void
}

/** As the clients' own, whose member ids begin with it. */
const clientId = 'differential'

export async function openWire(address: string): Promise<Wire> {
  const [host = '', port] = address.split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  let held: Buffer = Buffer.alloc(0)
  let closed = false
  let changed: () => void = () => undefined
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    changed()
  })
  socket.on('error', () => undefined) // a reset is one of the ways to hang up, seen by `close`
  socket.on('close', () => {
    closed = true
    changed()
  })
  async function frame(): Promise<Buffer | undefined> {
    while (held.length < 4 || held.length < 4 + held.readInt32BE(0)) {
      if (closed) return undefined
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
    const end = 4 + held.readInt32BE(0)
    const bytes = held.subarray(4, end)
    held = held.subarray(end)
    return bytes
  }
  let correlationId = 0
  return {
    async ask(api, version, payload = {}) {
      const codec = protocol.requests[api]?.protocol({ version })?.(payload)
      if (codec === undefined) throw new Error(`kafkajs has no ${api} of version ${version}`)
      const { buffer } = await encodeRequest({ correlationId: ++correlationId, clientId, request: codec.request })
      socket.write(buffer)
      if (codec.request.expectResponse?.() === false) return null
      const answer = await frame()
      if (answer === undefined) return 'closed'
      const { clientSideThrottleTime: _, ...body } = (await codec.response.decode(answer.subarray(4))) as Record<
        string,
        unknown
      >
      return plain(body)
    },
    write: (bytes) => socket.write(bytes),
    frame,
    close: () => socket.destroy(),
  }
}
