import { inspect } from 'node:util'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import {
  type FunctionOptions,
  fallback,
  type Handler,
  hold,
  json,
  kafkaFunction,
  ok,
  retry,
  type Sink,
  type SinkRecord,
} from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'
import { readOptions } from './options.js'

const topic = 'policies'
let deployment: TestDeployment
let offset = 0
const logs = captureLogs()
beforeAll(async () => {
  deployment = await testDeployment({ topic })
})
afterAll(() => deployment.stop())

/** One new record to a new function. */
async function deliver(options: FunctionOptions, handler: Handler, record: object = {}, timeoutMs?: number) {
  const event = kafkaEvent({ topic, records: [{ key: 'k', value: { n: 1 }, ...record, offset: offset++ }] })
  logs.clear()
  return invoke(kafkaFunction(options, handler), event, timeoutMs === undefined ? {} : { timeoutMs })
}

async function envelopes() {
  const { Items = [] } = await deployment.client.send(
    new ScanCommand({ TableName: deployment.failuresTable, ConsistentRead: true }),
  )
  return Items.filter(({ offset: at }) => Number(at?.N) === offset - 1)
}

it('a bad key and a bad value make one envelope, whose reason names both; the lane goes on [P-06] [P-27 partly]', async () => {
  const bad = () => {
    throw new Error('not to be read')
  }
  await deliver({ key: { name: 'own', decode: bad }, value: { name: 'own', decode: bad } }, () => {})
  const [envelope, ...others] = await envelopes()
  expect([others, envelope?.stage?.S, envelope?.rule?.S]).toEqual([[], 'decode', 'undecodable'])
  expect(envelope?.reason?.S).toMatch(
    /both the key and the value are bad: .*the key: not to be read; .*the value: not to be read/,
  )
})

it('a late codec is heard, too, where the other field is bad already', async () => {
  const late = async () => Promise.reject(new Error('late'))
  const bad = () => {
    throw new Error('soon')
  }
  await deliver({ key: { name: 'own', decode: late }, value: { name: 'own', decode: bad } }, () => {})
  expect((await envelopes())[0]?.reason?.S).toMatch(/the key: late; .*the value: soon/)
})

it('stages are told apart: what cannot be read, is invalid, is refused [P-27 partly]', async () => {
  const value = json(z.object({ n: z.string() }))
  await deliver({ value }, () => {})
  expect((await envelopes())[0]).toMatchObject({ stage: { S: 'validate' }, rule: { S: 'invalid' } })
  await deliver({}, () => {
    throw Object.assign(new Error('no such order'), { status: 404 })
  })
  expect((await envelopes())[0]).toMatchObject({
    stage: { S: 'process' },
    rule: { S: 'rejected' },
    attempts: { N: '1' },
  })
})

it('a failing record waits and runs again inside the invocation, where that has the time', async () => {
  const attempts: number[] = []
  const response = await deliver(
    { retry: { intervalMs: 5 } },
    (_record, ctx) => {
      attempts.push(ctx.attempt)
      if (!ctx.lastAttempt) return retry('not now')
    },
    {},
    20_000,
  )
  expect([response.batchItemFailures, attempts]).toEqual([[], [1, 2, 3, 4, 5]])
  expect(logs.lines('retry')).toMatchObject(
    [1, 2, 3, 4].map((attempt) => ({
      topic,
      offset: offset - 1,
      attempt,
      stage: 'process',
      rule: 'outcome',
      reason: 'not now',
    })),
  )
})

it('what is exhausted fails the invocation, if the policy says so, and names the record', async () => {
  const id = `${topic}:0:${offset}`
  const failing = deliver({ retry: { attempts: 1, onExhausted: 'fail' } }, () => retry('no'))
  await expect(failing).rejects.toThrow(`ML_RECORD_FAILED: ${id} has failed for good (exhausted`)
  expect(await envelopes()).toEqual([])
})

it('a handler knows how often its record was held', async () => {
  const seen: number[] = []
  await deliver(
    {},
    (_record, ctx) => {
      seen.push(ctx.held)
      if (ctx.held < 2) return hold({ reason: 'early', forMs: 1 })
    },
    {},
    20_000,
  )
  expect(seen).toEqual([0, 1, 2])
  expect(logs.lines('hold')).toMatchObject([
    { reason: 'early', holds: 1 },
    { reason: 'early', holds: 2 },
  ])
})

describe('the option classify [K-14]', () => {
  const thrown = () => {
    throw new TypeError('undefined')
  }

  it('comes before the default table, with a rule of its own or without, and sees where the record is from', async () => {
    await deliver({ classify: (error, { id }) => ({ status: 'fallback', rule: `${error.name} of ${id}` }) }, thrown)
    expect((await envelopes())[0]?.rule?.S).toBe(`TypeError of ${topic}:0:${offset - 1}`)
    await deliver({ classify: () => 'drop' }, thrown)
    expect([logs.lines('drop'), await envelopes()]).toMatchObject([
      [{ rule: 'classify', stage: 'process', attempt: 1 }],
      [],
    ])
  })

  it('leaves to the table what it says nothing of, throws at, or answers nonsense to; the last two are logged', async () => {
    const answers = [() => undefined, thrown, () => 'perhaps' as never, () => ({ status: 'serve' }) as never]
    for (const [i, classify] of answers.entries()) {
      expect((await deliver({ classify }, thrown)).batchItemFailures.length).toBe(1)
      expect(logs.lines('retry')).toMatchObject([{ rule: 'defect', reason: 'undefined' }])
      expect(logs.all.filter(({ message }) => String(message).startsWith('the option classify failed')).length).toBe(
        i === 0 ? 0 : 1,
      )
    }
  })
})

it('no error fails more than its own record, whatever its getters and proxies do, and its envelope can be written [K-14] [P-09 partly]', async () => {
  const throwing = () => {
    throw new Error('a getter')
  }
  const [plain, revoked] = [() => new Error('x'), Proxy.revocable(new Error('x'), {})]
  revoked.revoke()
  const hostile: readonly unknown[] = [
    Object.defineProperty(plain(), 'message', { get: throwing }),
    Object.defineProperty(plain(), 'stack', { get: throwing }),
    Object.assign(plain(), { name: Symbol('s'), message: Symbol('m') }),
    Object.assign(plain(), { message: { not: 'text' }, stack: undefined }),
    Object.assign(plain(), { stack: ['not', 'text'], issues: [] }),
    new Proxy(plain(), { get: throwing }),
    new Proxy(plain(), { has: throwing }),
    new Proxy({}, { getPrototypeOf: throwing }),
    revoked.proxy,
    { toJSON: throwing, toString: throwing, [Symbol.toStringTag]: 't' },
    // What cuts a text may cut a character in two.
    new Error('😀'.slice(0, 1)),
    new Error(`${'x'.repeat(3_999)}😀`),
  ]
  const records = hostile.map((_, i) => ({ value: i, key: String(i), offset: offset + i }))
  offset += hostile.length
  const failing = kafkaFunction({ retry: { attempts: 1 }, order: 'key' }, ({ value }) => {
    throw hostile[value as number]
  })
  expect(await invoke(failing, kafkaEvent({ topic, records }))).toEqual({ batchItemFailures: [] })
  expect((await envelopes()).map(({ rule }) => rule?.S)).toEqual(['exhausted'])
  expect(logs.lines('fallback')).toHaveLength(hostile.length)
})

it('an object that is thrown may be what the record carried: no line quotes it, its envelope does', async () => {
  await deliver({ retry: { attempts: 1 } }, ({ value }) => {
    throw value
  })
  expect(logs.lines('fallback')).toMatchObject([{ reason: expect.stringMatching(/no Error was thrown: an object;/) }])
  expect(JSON.stringify(logs.all)).not.toContain('n\\":1')
  expect((await envelopes())[0]?.reason?.S).toContain('{"n":1}')
})

describe('no line, and nothing thrown, quotes a record', () => {
  const quoting = (text: string): unknown => JSON.parse(`x${text}`)
  const failing = { attempts: 1, onExhausted: 'fail' } as const
  const sink = (write: (record: SinkRecord | undefined) => unknown) =>
    ({ name: 'own', write: async ([record]) => write(record) }) as Sink
  const quote = (record: SinkRecord | undefined) => quoting(String(record?.value))
  it.each<[string, FunctionOptions, Handler]>([
    ['a sink that throws what its parser said', { onSuccess: sink(quote) }, ({ value }) => ok({ value })],
    [
      'a sink that answers what it was given',
      { onSuccess: sink((record) => [record?.content]) },
      ({ value }) => ok({ value }),
    ],
    [
      'a sink that answers nothing but that',
      { onSuccess: sink((record) => record?.content) },
      ({ value }) => ok({ value }),
    ],
    ['a fallback that throws what its parser said', { fallback: sink(quote) }, () => fallback('no')],
    [
      'an answer of classify',
      { classify: (_, { raw }) => JSON.parse(String(raw.value)) },
      () => Promise.reject(new Error()),
    ],
    [
      'the cause of an error',
      {},
      (record) => {
        try {
          quoting(String(record.raw.value))
        } catch (cause) {
          throw new Error('wrapped', { cause })
        }
      },
    ],
  ])('not even of %s', async (_what, options, handler) => {
    const answer = deliver({ retry: failing, ...options }, handler, { value: { secret: 'hush' } })
    const thrown = await answer.catch((error: unknown) => error)
    expect(inspect(thrown, { depth: 9 })).not.toContain('hush')
    expect(JSON.stringify(logs.all)).not.toContain('hush')
    expect(logs.all.length).toBeGreaterThan(1)
  })
})

it.each<[FunctionOptions, string]>([
  [{ retry: { attempts: 0 } }, 'retry.attempts'],
  [{ retry: { intervalMs: -1 } }, 'retry.intervalMs'],
  [{ retry: { factor: 0.5 } }, 'retry.factor'],
  [{ retry: { factor: Number.NaN } }, 'retry.factor'],
  [{ retry: { capMs: 1e9 } }, 'retry.capMs'],
  [{ retry: { jitter: 'some' as never } }, 'retry.jitter'],
  [{ retry: { maxAgeMs: 0 } }, 'retry.maxAgeMs'],
  [{ retry: { onExhausted: 'park' as never } }, 'retry.onExhausted'],
  [{ retry: { limit: 3 } as never }, 'retry.limit'],
  [{ retry: 3 as never }, 'retry'],
  [{ hold: { maxDeliveries: 0 } }, 'hold.maxDeliveries'],
  [{ poison: { decode: 'skip' as never } }, 'poison.decode'],
  [{ poison: { parse: 'drop' } as never }, 'poison.parse'],
  [{ classify: 'retry' as never }, 'classify'],
  [{ onSuccess: { write: () => {} } as never }, 'onSuccess'],
  [{ fallback: 'failures' as never }, 'fallback'],
  [{ delivery: 'at-most-once', retry: { onExhausted: 'retry' } }, 'retry.onExhausted'],
  [{ delivery: 'at-most-once', poison: { sink: 'fail' } }, 'poison.sink'],
])('refuses the option %j [K-08]', (options, name) => {
  expect(() => readOptions(options)).toThrow(`ML_OPTION_INVALID: the option ${name} `)
})
