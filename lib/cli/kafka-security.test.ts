import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Ground, recordsOf, run, startGround } from './failures/failures.fixture.js'
import { commands } from './failures/index.js'
import { securityOf } from './kafka-security.js'

const credentials = { KAFKA_USERNAME: 'ann', KAFKA_PASSWORD: 'secret' }

describe('who asks Kafka, by the options of a command', () => {
  let home: string
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'millrace-security-'))
    for (const name of ['ca', 'cert', 'key']) writeFileSync(join(home, name), `${name} in PEM`)
  })
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  it('is nobody, and without TLS, where nothing is said', () => {
    expect(securityOf({}, {})).toEqual({})
  })

  it('is who the environment says, and never who an option says', () => {
    expect(securityOf({ sasl: 'plain', tls: true }, credentials)).toEqual({
      tls: true,
      sasl: { mechanism: 'plain', username: 'ann', password: 'secret' },
    })
    expect(securityOf({ sasl: 'aws' }, {})).toEqual({ sasl: { mechanism: 'aws' } })
  })

  it('reads certificates, which mean TLS', () => {
    const files = { ca: join(home, 'ca'), cert: join(home, 'cert'), key: join(home, 'key') }
    expect(securityOf(files, {})).toEqual({ tls: { ca: 'ca in PEM', cert: 'cert in PEM', key: 'key in PEM' } })
  })

  it.each([
    [{ cert: 'ca' }, /--cert ca cannot be read: ENOENT/],
    [{ sasl: 'scram-sha-512' as const }, /--sasl scram-sha-512 needs KAFKA_USERNAME and KAFKA_PASSWORD/],
  ])('refuses %j', (options, message) => {
    expect(() => securityOf(options, {})).toThrow(message)
  })

  it('refuses a certificate without its key', () => {
    expect(() => securityOf({ cert: join(home, 'cert') }, {})).toThrow('--cert and --key go together')
  })
})

describe('millrace failures redrive, where the brokers ask who it is', () => {
  let ground: Ground
  beforeAll(async () => {
    ground = await startGround({ ann: 'secret' })
    await ground.createTopic('guarded')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    return ground.clear()
  })
  afterAll(() => ground.stop())

  const redrive = (password: string) => {
    vi.stubEnv('KAFKA_USERNAME', 'ann')
    vi.stubEnv('KAFKA_PASSWORD', password)
    return run(commands.redrive, { ...ground.options, ids: [], yes: true, sasl: 'scram-sha-512' as const })
  }

  it('produces once it has said so', async () => {
    await ground.give('guarded', [{ key: 'k', value: 'v', offset: 5 }])
    expect((await redrive('secret')).code).toBe(0)
    expect(await recordsOf(ground, 'guarded')).toMatchObject([{ key: 'k', value: Buffer.from('v') }])
    expect(await ground.left()).toEqual([])
  })

  it('keeps the records where the password is wrong', async () => {
    await ground.give('guarded', [{ key: 'k', value: 'v', offset: 6 }])
    await expect(redrive('wrong')).rejects.toMatchObject({ code: 'ML_KAFKA_UNREACHABLE' })
    expect(await ground.left()).toHaveLength(1)
  })
})
