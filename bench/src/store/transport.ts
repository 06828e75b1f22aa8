import { createRequire } from 'node:module'
import type { MemoryStore } from './memory-store.js'

interface HttpRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The one class that carries every call of the SDK, as far as this benchmark touches it. */
interface Transport {
  prototype: { handle(request: HttpRequest, options?: unknown): Promise<unknown> }
}

/**
 * The transports of all copies of the SDK in this process: the framework's own, and that of its peers.
 * All sides go through the same door, whichever copy they load.
 */
function transports(): Transport[] {
  const framework = createRequire(new URL('../../../package.json', import.meta.url))
  const peers = createRequire(import.meta.url)
  const loaded = [framework, peers].map((require): Transport => {
    const client = createRequire(require.resolve('@aws-sdk/client-dynamodb'))
    return client('@smithy/node-http-handler').NodeHttpHandler
  })
  return [...new Set(loaded)]
}

/** Every call of every client in this process is answered from memory, once it has been built, signed and serialized. */
export function answerFromMemory(store: MemoryStore): void {
  for (const { prototype } of transports()) {
    prototype.handle = async ({ headers, body }) => {
      const target = headers['x-amz-target'] ?? ''
      const answer = store.call(target.slice(target.indexOf('.') + 1), textOf(body))
      return {
        response: {
          statusCode: answer.status,
          headers: { 'content-type': 'application/x-amz-json-1.0' },
          body: Buffer.from(answer.body),
        },
      }
    }
  }
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (!(body instanceof Uint8Array)) throw new Error('the SDK sends a body that is neither text nor bytes')
  // Over the same memory: bytes of the SDK warn whoever asks them for text.
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
}

/** Counts the calls of every client in this process, and lets them through. */
export function countCalls(): { readonly calls: number } {
  const spent = { calls: 0 }
  for (const { prototype } of transports()) {
    const { handle } = prototype
    prototype.handle = function (request, options) {
      spent.calls++
      return handle.call(this, request, options)
    }
  }
  return spent
}
