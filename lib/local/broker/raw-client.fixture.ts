import { once } from 'node:events'
import { connect } from 'node:net'
import type { Broker } from './index.js'
import { Reader } from './wire/reader.js'
import { Writer } from './wire/writer.js'

/** A connection that speaks the protocol byte by byte, for requests that kafkajs never sends. */
export interface RawClient {
  /** Sends a request without waiting for its answer. */
  send(key: number, version: number, correlation: number, body: (writer: Writer) => void, flexible?: boolean): void
  /** The next answer: its correlation id, and a reader behind the header. */
  answer(flexible?: boolean): Promise<{ correlation: number; body: Reader }>
  write(bytes: Buffer): void
  /** Takes no more of what comes. */
  pause(): void
  /** Resolves when the broker has closed the connection. */
  readonly closed: Promise<unknown>
  /** Says that nothing more will be sent. */
  finish(): void
  end(): Promise<unknown>
}

export async function rawClient({ port }: Pick<Broker, 'port'>): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined) // a reset is one of the ways to be closed, seen by `closed`
  const closed = new Promise((resolve) => socket.once('close', resolve))
  let chunks: Buffer[] = []
  let arrived: () => void = () => undefined
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    arrived()
  })
  const held = async (bytes: number): Promise<Buffer> => {
    while (chunks.reduce((sum, { length }) => sum + length, 0) < bytes) {
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
    }
    const all = Buffer.concat(chunks)
    chunks = [all]
    return all
  }
  const frame = async (): Promise<Buffer> => {
    const end = 4 + (await held(4)).readInt32BE(0)
    const all = await held(end)
    chunks = [all.subarray(end)]
    return all.subarray(4, end)
  }
  return {
    send(key, version, correlation, body, flexible = false) {
      const header = new Writer().int16(key).int16(version).int32(correlation).string('raw')
      const writer = new Writer(flexible).tags()
      body(writer)
      const parts = [header, writer].map((one) => Buffer.concat(one.frame()).subarray(4))
      socket.write(Buffer.concat(new Writer().joined(parts).frame()).subarray(4))
    },
    async answer(flexible = false) {
      const reader = new Reader(await frame())
      const correlation = reader.int32()
      const body = reader.as(flexible)
      return { correlation, body }
    },
    write: (bytes) => socket.write(bytes),
    pause: () => socket.pause(),
    finish: () => socket.end(),
    closed,
    end() {
      socket.destroy()
      return closed
    },
  }
}
