import type { Coordinator } from '../group/coordinator.js'
import type { Topics } from '../log/topics.js'
import type { Limits } from '../options.js'
import type { SaslSettings, Session } from '../sasl/index.js'
import type { Timers } from '../timers.js'
import type { Transactions } from '../txn/index.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'

/** What every connection of one broker shares. */
export interface BrokerState {
  readonly topics: Topics
  readonly coordinator: Coordinator
  readonly transactions: Transactions
  readonly timers: Timers
  readonly clusterId: string
  readonly limits: Limits
  readonly autoCreateTopics: boolean
  readonly defaultPartitions: number
  readonly minSessionMs: number
  /** whom it lets in; undefined: everybody */
  readonly sasl: SaslSettings | undefined
  readonly nextProducerId: () => bigint
  readonly log: (line: string) => void
}

/** What a handler knows of the request beyond its body. */
export interface Context extends BrokerState {
  /** this broker, as the client reaches it */
  readonly node: { readonly id: number; readonly host: string; readonly port: number }
  readonly client: { readonly id: string; readonly host: string }
  /** who the client of this connection is */
  readonly session: Session
  /** aborted when the connection is gone or the broker stops: nobody waits for the answer any more */
  readonly gone: AbortSignal
}

interface Definition<Request, Response> {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** first version in the compact form; none if absent */
  readonly flexibleFrom?: number
  decode(reader: Reader, version: number): Request
  /** `undefined` where the protocol asks for no answer */
  handle(request: Request, context: Context): Response | undefined | Promise<Response | undefined>
  encode(writer: Writer, response: Response, version: number): void
}

/** One API of the protocol, its request and response types kept inside. */
export interface Api {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  readonly flexibleFrom: number
  /** Reads the body of a request, as `serve` does first. */
  decode(reader: Reader, version: number): unknown
  /** Decodes, handles and encodes one request; false if there is nothing to send. */
  serve(reader: Reader, writer: Writer, version: number, context: Context): Promise<boolean>
}

export function defineApi<Request, Response>(definition: Definition<Request, Response>): Api {
  const { key, name, minVersion, maxVersion, flexibleFrom = Number.POSITIVE_INFINITY } = definition
  return {
    key,
    name,
    minVersion,
    maxVersion,
    flexibleFrom,
    decode: definition.decode,
    async serve(reader, writer, version, context) {
      const request = definition.decode(reader, version)
      const response = await definition.handle(request, context)
      if (response === undefined) return false
      definition.encode(writer, response, version)
      return true
    },
  }
}
