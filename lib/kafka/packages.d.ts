/**
 * What is used of the inside of kafkajs (2.2.4, pinned): connections to single brokers, with TLS and SASL.
 * Its own producer is not used: see the folder's door.
 */
declare module 'kafkajs/src/broker/index.js' {
  import type ConnectionPool from 'kafkajs/src/network/connectionPool.js'
  export default class Broker {
    constructor(options: { connectionPool: ConnectionPool; logger: unknown })
    readonly connectionPool: ConnectionPool
    connect(): Promise<void>
    disconnect(): Promise<void>
    initProducerId(options: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  interface RequestQueue {
    readonly pending: readonly unknown[]
    scheduleCheckPendingRequests(): void
  }
  type Send = (protocol: { request: unknown; response: unknown }) => Promise<unknown>
  export default class ConnectionPool {
    constructor(options: Readonly<Record<string, unknown>>)
    readonly pool: readonly { readonly requestQueue: RequestQueue; send: Send }[]
    readonly send: Send
    isConnected(): boolean
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: { createLogger(options: { level: number; logCreator: () => () => void }): unknown }
  export default loggers
}

/** An optional package: only what is used of it, so that it need not be there. */
declare module 'aws-msk-iam-sasl-signer-js' {
  export function generateAuthToken(options: { region: string }): Promise<{ token: string; expiryTime: number }>
}
