import type { BrokerState, Context } from './api/api.js'
import { apiVersionsKey, unknownApiVersions } from './api/api-versions.js'
import { apis } from './api/table.js'
import { MalformedRequest, Reader } from './wire/reader.js'
import { Writer } from './wire/writer.js'

/** What a connection adds to the broker's state. */
export type Peer = Pick<Context, 'node' | 'gone' | 'session'> & { readonly host: string }

/** What answers the requests of one connection; `undefined` where the protocol asks for silence. It throws MalformedRequest for what is no request. */
export function answerer(state: BrokerState, peer: Peer): (frame: Buffer) => Promise<Buffer[] | undefined> {
  const host = `/${peer.host}`
  let context: Context = { ...state, ...peer, client: { id: '', host } }
  return (frame) =>
    answerRequest(frame, (id) => {
      // A client names itself in every request, and rarely by another name.
      if (id !== context.client.id) context = { ...context, client: { id, host } }
      return context
    })
}

/** The APIs by which a client is let in: SaslHandshake, ApiVersions, SaslAuthenticate. */
const unauthenticated: ReadonlySet<number> = new Set([17, apiVersionsKey, 36])

async function answerRequest(frame: Buffer, contextOf: (clientId: string) => Context): Promise<Buffer[] | undefined> {
  const header = new Reader(frame)
  const key = header.int16()
  const version = header.int16()
  const correlation = header.int32()
  const api = apis.get(key)
  if (api === undefined || version < api.minVersion || version > api.maxVersion) {
    if (key !== apiVersionsKey) throw new MalformedRequest(`API ${key} is not served in version ${version}`)
    const writer = new Writer().int32(correlation)
    unknownApiVersions(writer)
    return writer.frame()
  }
  const flexible = version >= api.flexibleFrom
  const clientId = header.nullableString() ?? ''
  const reader = header.as(flexible)
  reader.tags()
  const context = contextOf(clientId)
  if (!context.session.isKnown && !unauthenticated.has(key))
    throw new MalformedRequest(`${api.name} came before the client said who it is`)
  const writer = new Writer(flexible).int32(correlation)
  // A client cannot know yet which header it will get back, so ApiVersions keeps the old one.
  if (key !== apiVersionsKey) writer.tags()
  return (await api.serve(reader, writer, version, context)) ? writer.frame() : undefined
}
