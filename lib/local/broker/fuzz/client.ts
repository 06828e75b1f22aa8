import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Delivery } from './mutate.js'

/** What came of bytes that were sent. */
export type Fate = 'answered' | 'closed' | 'silent'

/** A connection that sends anything, and tells what came of it. */
export class FuzzClient {
  readonly #port: number
  readonly #socket: Socket
  /** printable names of some length that the broker has answered: member ids, for example */
  readonly #onName: (name: string) => void
  #received = 0
  #noticed: () => void = () => undefined

  constructor(port: number, onName: (name: string) => void) {
    this.#port = port
    this.#onName = onName
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.length
      for (const [name] of chunk.toString('latin1').matchAll(/fuzz-[0-9a-f-]{36}/g)) this.#onName(name)
      this.#noticed()
    })
    this.#socket.on('error', () => undefined) // a reset is one of the ways to be closed
    this.#socket.on('close', () => this.#noticed())
  }

  /** Sends it and waits for an answer or the end of the connection; for `patienceMs` at the most. */
  async send({ pieces }: Delivery, patienceMs: number): Promise<Fate> {
    if (this.#socket.connecting) await once(this.#socket, 'connect')
    const before = this.#received
    for (const piece of pieces) {
      // Each piece is a chunk of its own for the broker.
      await new Promise<void>((resolve) => this.#socket.write(piece, () => setImmediate(resolve)))
    }
    const fate = (): Fate => (this.#received > before ? 'answered' : this.#socket.destroyed ? 'closed' : 'silent')
    if (fate() !== 'silent') return fate()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs)
      this.#noticed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    return fate()
  }

  get open(): boolean {
    return !this.#socket.destroyed
  }

  /** A new connection in the place of this one. */
  again(): FuzzClient {
    this.#socket.destroy()
    return new FuzzClient(this.#port, this.#onName)
  }

  close(): void {
    this.#socket.destroy()
  }
}
