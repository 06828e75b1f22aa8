import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Exchange } from './session.js'

const iterations = 4_096

/** SCRAM (RFC 5802) without channel binding: what the server says to the client's two messages. */
export function scram(digest: 'sha256' | 'sha512', passwordOf: (user: string) => string | undefined): Exchange {
  let second: ((message: string) => string | undefined) | undefined
  return (bytes) => {
    const message = bytes.toString()
    if (second !== undefined) {
      const answer = second(message)
      return answer === undefined ? undefined : { answer: Buffer.from(answer), isDone: true }
    }
    const [, bare = '', name = '', nonce = ''] = /^n,[^,]*,(n=([^,]+),r=([^,]+).*)$/.exec(message) ?? []
    const password = passwordOf(name.replaceAll('=2C', ',').replaceAll('=3D', '='))
    if (password === undefined) return undefined
    const salt = randomBytes(16)
    const first = `r=${nonce}${randomBytes(18).toString('base64')},s=${salt.toString('base64')},i=${iterations}`
    const salted = pbkdf2Sync(password, salt, iterations, digest === 'sha256' ? 32 : 64, digest)
    second = (final) => proven(final, { digest, salted, bare, first })
    return { answer: Buffer.from(first), isDone: false }
  }
}

interface Conversation {
  readonly digest: string
  readonly salted: Buffer
  /** The client's first message, without what stands before it, and the server's. */
  readonly bare: string
  readonly first: string
}

/** The server's signature, for a client that has proven that it knows the password. */
function proven(final: string, { digest, salted, bare, first }: Conversation): string | undefined {
  const [, rest = '', nonce = '', proof = ''] = /^(c=biws,r=([^,]+)),p=([^,]+)$/.exec(final) ?? []
  if (!first.startsWith(`r=${nonce},`)) return undefined
  const sign = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest()
  const conversation = `${bare},${first},${rest}`
  const clientKey = sign(salted, 'Client Key')
  const expected = sign(createHash(digest).update(clientKey).digest(), conversation)
  for (const [at, byte] of clientKey.entries()) expected[at] = (expected[at] ?? 0) ^ byte
  const given = Buffer.from(proof, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  return `v=${sign(sign(salted, 'Server Key'), conversation).toString('base64')}`
}
