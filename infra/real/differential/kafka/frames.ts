import { setTimeout as delay } from 'node:timers/promises'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import encodeRequest from 'kafkajs/src/protocol/request.js'
import protocol from 'kafkajs/src/protocol/requests/index.js'
import type { Wire } from './wire.js'

/** APIs by name. */
export const key = { produce: 0, metadata: 3, apiVersions: 18, incrementalAlterConfigs: 44, offsetDelete: 47 } as const

/** A frame: its length, the header of the first generation, and a body. */
export function framed(apiKey: number, version: number, body: Encoder = new Encoder(), correlation = 7): Buffer {
  const header = new Encoder().writeInt16(apiKey).writeInt16(version).writeInt32(correlation).writeString('raw')
  const payload = Buffer.concat([header.buffer, body.buffer])
  return withLength(payload)
}

export function withLength(payload: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(payload.length)
  return Buffer.concat([length, payload])
}

/** Beyond any answer, in milliseconds. */
const patienceMs = 3_000

/** Sends a frame, and answers the bytes that came, or that the broker hung up, or that nothing came at all. */
export async function told(wire: Wire, bytes: Buffer): Promise<string> {
  wire.write(bytes)
  const answer = await Promise.race([wire.frame(), delay(patienceMs, 'nothing', { ref: false })])
  if (answer === 'nothing') return answer
  return answer === undefined ? 'closed' : answer.toString('hex')
}

/** The bytes that kafkajs would send. */
export async function encoded(api: string, version: number, payload: unknown): Promise<Buffer> {
  const codec = protocol.requests[api]?.protocol({ version })?.(payload)
  if (codec === undefined) throw new Error(`kafkajs has no ${api} of version ${version}`)
  return (await encodeRequest({ correlationId: 7, clientId: 'raw', request: codec.request })).buffer
}
