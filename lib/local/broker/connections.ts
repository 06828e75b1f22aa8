import type { Server, Socket } from 'node:net'
import type { Connection } from './connection.js'
import type { Limits } from './options.js'

/** What clients make a broker hold at this moment. */
export interface BrokerUsage {
  /** clients that are connected, or have gone and left something to be done */
  readonly connections: number
  /** requests that are being answered, or wait for what will answer them, those of clients that have gone included */
  readonly requests: number
  /** bytes of requests that are incomplete, or not answered yet */
  readonly heldBytes: number
}

/** All clients of one broker, within the limits of what they may take together. */
export class Connections {
  readonly #all = new Set<Connection>()
  readonly #limits: Limits

  /** `serve` begins to serve a client, and calls what it is given when it holds more. */
  constructor(server: Server, limits: Limits, serve: (socket: Socket, onHeld: () => void) => Connection) {
    this.#limits = limits
    server.maxConnections = limits.maxConnections
    server.on('connection', (socket) => {
      const connection = serve(socket, () => this.#makeRoom())
      this.#all.add(connection)
      connection.over.then(() => this.#all.delete(connection))
    })
  }

  get usage(): BrokerUsage {
    const all = [...this.#all]
    return {
      connections: all.length,
      requests: all.filter(({ busy }) => busy).length,
      heldBytes: this.#heldBytes(),
    }
  }

  close(): void {
    for (const connection of this.#all) connection.drop()
  }

  /** To make all clients wait would let those that never finish a request stop the others for good: the largest one goes. */
  #makeRoom(): void {
    while (this.#heldBytes() > this.#limits.maxHeldBytes) {
      const [largest] = [...this.#all].sort((one, other) => other.heldBytes - one.heldBytes)
      if (largest === undefined) return
      largest.drop(`of all clients it held most of the ${this.#limits.maxHeldBytes} bytes that they may send ahead`)
    }
  }

  #heldBytes(): number {
    let bytes = 0
    for (const connection of this.#all) bytes += connection.heldBytes
    return bytes
  }
}
