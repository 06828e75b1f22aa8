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
  let held: Buffer = Buffer.alloc(0)
  let arrived: () => void = () => undefined
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    arrived()
  })
  const frame = async (): Promise<Buffer> => {
    while (held.length < 4 || held.length < 4 + held.readInt32BE(0)) {
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
    }
    const end = 4 + held.readInt32BE(0)
    const bytes = held.subarray(4, end)
    held = held.subarray(end)
    return bytes
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
