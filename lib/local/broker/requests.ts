import type { BrokerState, Context } from './api/api.js'
import { apiVersionsKey, unknownApiVersions } from './api/api-versions.js'
import { apis } from './api/table.js'
import { MalformedRequest, Reader } from './wire/reader.js'
import { Writer } from './wire/writer.js'

/** What a connection adds to the broker's state. */
export type Peer = Pick<Context, 'node' | 'gone'> & { readonly host: string }

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
  const writer = new Writer(flexible).int32(correlation)
  // A client cannot know yet which header it will get back, so ApiVersions keeps the old one.
  if (key !== apiVersionsKey) writer.tags()
  return (await api.serve(reader, writer, version, contextOf(clientId))) ? writer.frame() : undefined
}
