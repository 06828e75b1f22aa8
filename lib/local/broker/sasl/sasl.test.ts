import { expect, test } from 'vitest'
import { broker } from '../kafkajs.fixture.js'
import { type RawClient, rawClient } from '../raw-client.fixture.js'
import { code } from '../wire/codes.js'

const [handshakeKey, apiVersionsKey, authenticateKey, metadataKey] = [17, 18, 36, 3]
const users = { me: 'secret' }

async function handshake(client: RawClient, mechanism: string) {
  client.send(handshakeKey, 1, 1, (writer) => writer.string(mechanism))
  const { body } = await client.answer()
  return { error: body.int16(), mechanisms: body.array((item) => item.string()) }
}

async function authenticate(client: RawClient, message: string | Buffer): Promise<number> {
  client.send(authenticateKey, 1, 1, (writer) => writer.bytes(Buffer.from(message)))
  return (await client.answer()).body.int16()
}

const askMetadata = (client: RawClient) =>
  client.send(metadataKey, 4, 1, (writer) => writer.array([], () => undefined).boolean(false))

test('a broker that asks who clients are closes the connection of one that does not say so first', async () => {
  const lines: string[] = []
  const client = await rawClient(await broker({ sasl: { users }, log: (line) => lines.push(line) }))
  client.send(apiVersionsKey, 0, 1, () => undefined)
  expect((await client.answer()).body.int16()).toBe(code.none)
  askMetadata(client)
  await client.closed
  expect(lines).toEqual([expect.stringContaining('Metadata came before the client said who it is')])
})

test('it answers once it knows them, and no longer after they have failed to say it again', async () => {
  const client = await rawClient(await broker({ sasl: { users } }))
  const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']
  expect(await handshake(client, 'GSSAPI')).toEqual({ error: code.unsupportedSaslMechanism, mechanisms })
  expect(await handshake(client, 'constructor')).toEqual({ error: code.unsupportedSaslMechanism, mechanisms })
  expect(await handshake(client, 'PLAIN')).toEqual({ error: code.none, mechanisms })
  expect(await authenticate(client, '\0me\0secret')).toBe(code.none)
  askMetadata(client)
  await client.answer()
  await handshake(client, 'PLAIN')
  expect(await authenticate(client, '\0me\0guess')).toBe(code.saslAuthenticationFailed)
  askMetadata(client)
  await client.closed
})

test.each([
  ['PLAIN', ['', 'me', '\0me', '\0me\0', '\0constructor\0', '\0me\0secret2']],
  ['SCRAM-SHA-256', ['', 'n,,n=nobody,r=1', 'p=tls,,n=me,r=1', Buffer.from([0xff, 0])]],
  ['OAUTHBEARER', ['', 'n,,', 'n,,\u0001auth=Bearer x\u0001\u0001']],
])('it refuses what is no proof by %s', async (mechanism, messages) => {
  const started = await broker({ sasl: { users } })
  for (const message of messages) {
    const client = await rawClient(started)
    expect(await authenticate(client, message)).toBe(code.saslAuthenticationFailed)
    await handshake(client, mechanism)
    expect(await authenticate(client, message)).toBe(code.saslAuthenticationFailed)
    await client.end()
  }
})

test('it refuses a SCRAM client that repeats what another one said', async () => {
  const client = await rawClient(await broker({ sasl: { users } }))
  for (const final of ['', 'c=biws,r=1,p=eHg=', 'c=biws,r=1']) {
    await handshake(client, 'SCRAM-SHA-256')
    expect(await authenticate(client, 'n,,n=me,r=1')).toBe(code.none)
    expect(await authenticate(client, final)).toBe(code.saslAuthenticationFailed)
  }
  await client.end()
})

test('a broker that lets everybody in has no mechanism to offer', async () => {
  const client = await rawClient(await broker())
  expect(await handshake(client, 'PLAIN')).toEqual({ error: code.illegalSaslState, mechanisms: [] })
  expect(await authenticate(client, '\0me\0secret')).toBe(code.illegalSaslState)
  askMetadata(client)
  await client.answer()
  await client.end()
})
