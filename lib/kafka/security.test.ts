import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import type { SaslSettings } from '../local/broker/index.js'
import { broker, closing } from '../local/broker/kafkajs.fixture.js'
import { authority } from './certificate.fixture.js'
import { type KafkaConnection, kafkaProducer, type SaslOptions } from './index.js'
import { proxyOf } from './kafka.fixture.js'

/** What comes of producing a record as the options say. */
async function produce(brokers: string, options: KafkaConnection, deliveryTimeoutMs = 10_000) {
  const producer = kafkaProducer({ brokers, topic: 'safe', createTopics: true, deliveryTimeoutMs, ...options })
  closing(producer, (one) => one.close())
  return producer.produce({ value: 1, partition: 0 }).then(
    ({ offset }) => offset,
    (error: Error) => error.message,
  )
}

/** The same, of what cannot succeed: it is not tried for long. */
const refused = (brokers: string, options: KafkaConnection) => produce(brokers, options, 500)

describe('TLS', () => {
  const own = authority('of the test')

  /** A broker that is reached by TLS only. */
  async function secure(options: TlsOptions = {}) {
    const server = { ...own.certify('broker'), ...options }
    const peers: string[] = []
    const { address } = await proxyOf(await broker(), (serve) =>
      createServer(server, (socket: TLSSocket) => {
        peers.push(String(socket.getPeerCertificate().subject?.CN))
        serve(socket)
      }),
    )
    return { address, peers }
  }

  it('trusts the authority that it is given, and no other', async () => {
    const { address } = await secure()
    expect(await produce(address, { tls: { ca: own.ca } })).toBe(0)
    expect(await produce(address, { tls: { ca: [Buffer.from(own.ca)] } })).toBe(1)
    expect(await refused(address, { tls: { ca: authority('another').ca } })).toMatch(
      /ML_KAFKA_UNREACHABLE.*certificate/,
    )
    expect(await refused(address, { tls: true })).toMatch(/ML_KAFKA_UNREACHABLE.*certificate/)
    expect(await refused(address, { tls: { ca: own.ca, servername: 'other.example.org' } })).toMatch(
      /ML_KAFKA_UNREACHABLE.*altnames/,
    )
  })

  it('shows the client’s certificate to brokers that want one (mTLS)', async () => {
    const { address, peers } = await secure({ requestCert: true, rejectUnauthorized: true, ca: own.ca })
    expect(await produce(address, { tls: { ca: own.ca, ...own.certify('billing') } })).toBe(0)
    expect(peers).toEqual(['billing'])
    expect(await refused(address, { tls: { ca: own.ca } })).toContain('ML_KAFKA_UNREACHABLE')
    const stranger = authority('another').certify('billing')
    expect(await refused(address, { tls: { ca: own.ca, ...stranger } })).toContain('ML_KAFKA_UNREACHABLE')
    expect(peers).toEqual(['billing'])
  })
})

describe('SASL', () => {
  const users = { me: 'säcret, = yes' }
  const guarded = (sasl: SaslSettings) => broker({ sasl })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('says who the client is by %s', async (mechanism) => {
    const { address } = await guarded({ users })
    expect(await produce(address, { sasl: { mechanism, username: 'me', password: users.me } })).toBe(0)
    for (const wrong of [{ password: 'guess' }, { username: 'constructor' }]) {
      const said = await refused(address, { sasl: { mechanism, username: 'me', password: users.me, ...wrong } })
      expect(said).toMatch(/ML_PRODUCE_FAILED: .*ML_KAFKA_UNAUTHENTICATED: .*authentication failed/)
      expect(said).not.toContain('guess')
    }
    expect(await refused(address, {})).toContain('ML_PRODUCE_FAILED')
  })

  it.each([
    'lose',
    'keep',
  ] as const)('is let in by another try where a broker ends in the middle of it: %s', async (how) => {
    const proxy = await proxyOf(await guarded({ users }))
    let left = 1
    // SaslAuthenticate
    proxy.answer = (key, answer) => (key === 36 && left-- > 0 ? how : answer)
    const sasl: SaslOptions = { mechanism: 'plain', username: 'me', password: users.me }
    expect(await produce(proxy.address, { sasl, requestTimeoutMs: 300 })).toBe(0)
  })

  it('brings a token of one’s own whenever a connection needs one (OAUTHBEARER)', async () => {
    let isGood = true
    const { address } = await guarded({ users, isToken: (token) => isGood && token === 'a.b.c' })
    const sasl: SaslOptions = { mechanism: 'oauthbearer', token: async () => 'a.b.c' }
    expect(await produce(address, { sasl })).toBe(0)
    isGood = false
    expect(await refused(address, { sasl })).toContain('ML_KAFKA_UNAUTHENTICATED')
  })

  it('brings a signed token of the role for MSK IAM', async () => {
    const tokens: string[] = []
    const { address } = await guarded({ users, isToken: (token) => tokens.push(token) > 0 })
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example')
    try {
      const said = await produce(address, { tls: false, sasl: { mechanism: 'aws', region: 'eu-central-1' } })
      const url = Buffer.from(tokens[0] ?? '', 'base64url').toString()
      expect([said, url]).toEqual([
        0,
        expect.stringMatching(/^https:\/\/kafka\.eu-central-1\.amazonaws\.com\/\?.*Action=kafka-cluster%3AConnect/),
      ])
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('says which package MSK IAM needs where it is missing', async () => {
    const { address } = await guarded({ users })
    vi.doMock('aws-msk-iam-sasl-signer-js', () => {
      throw new Error('Cannot find package')
    })
    try {
      const said = await refused(address, { tls: false, sasl: { mechanism: 'aws', region: 'eu-central-1' } })
      expect(said).toMatch(/ML_KAFKA_SIGNER_MISSING: .*run `npm install aws-msk-iam-sasl-signer-js`/)
    } finally {
      vi.doUnmock('aws-msk-iam-sasl-signer-js')
    }
  })
})
