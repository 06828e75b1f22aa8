import type { BrokerState, Context } from './api/api.js'
import { apiVersionsKey, unknownApiVersions } from './api/api-versions.js'
import { apis } from './api/table.js'
import { MalformedRequest, Reader } from './wire/reader.js'
import { Writer } from './wire/writer.js'

/** What a connection adds to the broker's state. */
export type Peer = Pick<Context, 'node' | 'gone'> & { readonly host: string }

/** Answers one request; `undefined` where the protocol asks for silence. Throws MalformedRequest for what is no request. */
export async function answerRequest(frame: Buffer, state: BrokerState, peer: Peer): Promise<Buffer[] | undefined> {
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
  const client = { id: clientId, host: `/${peer.host}` }
  const context = { ...state, node: peer.node, gone: peer.gone, client }
  return (await api.serve(reader, writer, version, context)) ? writer.frame() : undefined
}
