import assert from 'node:assert'
import { expect, it } from 'vitest'
import * as z from 'zod/mini'
import { MillraceError } from '../errors.js'
import { classify } from './index.js'

const error = (facts: object) => Object.assign(new Error('e'), facts)
const http = (status: number) => error({ status })
const caused = (cause: unknown) => new Error('outer', { cause })
const thrownBy = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (thrown) {
    return thrown
  }
}

it.each<[rule: string, of: readonly unknown[]]>([
  [
    'retry timeout',
    [
      new DOMException('late', 'TimeoutError'),
      AbortSignal.abort().reason,
      ...['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ML_HANDLER_TIMEOUT'].map((code) => error({ code })),
      ...[408, 504].map(http),
    ],
  ],
  [
    'retry throttled',
    [
      http(429),
      error({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }),
      error({ name: 'ProvisionedThroughputExceededException', $metadata: { httpStatusCode: 400 } }),
      error({ $retryable: { throttling: true } }),
    ],
  ],
  [
    'retry unavailable',
    [
      ...[500, 502, 503, 599].map(http),
      error({ statusCode: 503 }),
      error({ response: { status: 500 } }),
      error({ $metadata: { httpStatusCode: 500 } }),
      error({ $retryable: {} }),
    ],
  ],
  [
    'retry connection',
    [
      ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_SOCKET'].map((code) =>
        error({ code }),
      ),
      new TypeError('fetch failed'),
      new TypeError('fetch failed', { cause: error({ code: 'ECONNREFUSED' }) }),
      new TypeError('fetch failed', { cause: error({ code: 'UNKNOWN' }) }),
    ],
  ],
  [
    'retry unauthorised',
    [http(401), http(403), error({ name: 'ExpiredTokenException', $metadata: { httpStatusCode: 400 } })],
  ],
  ['fallback rejected', [...[400, 404, 409, 422, 499].map(http), error({ response: { status: 404 } })]],
  [
    'fallback validation',
    [
      thrownBy(() => z.parse(z.string(), 1)),
      error({ issues: [{ message: 'no' }] }),
      new MillraceError('ML_RECORD_INVALID', 'no'),
    ],
  ],
  ['retry refused', [new MillraceError('ML_EFFECT_REFUSED', 'no', { cause: http(400) })]],
  [
    'retry defect',
    [
      thrownBy(() => (undefined as unknown as { a: string }).a),
      new ReferenceError('r'),
      new RangeError('r'),
      thrownBy(() => JSON.parse('{')),
      new EvalError('e'),
      thrownBy(() => assert.strictEqual(1, 2)),
    ],
  ],
  ['retry failed', [new Error('e'), 'text', undefined, null, 404, {}, error({ status: 'error', code: 7 }), http(302)]],
])('takes for "%s" what is one [K-14]', (rule, errors) => {
  for (const one of errors) expect([one, `${classify(one).status} ${classify(one).rule}`]).toEqual([one, rule])
})

it('looks down the chain of causes, which may be a ring or endless, and lets the first that says something decide', () => {
  expect(classify(caused(caused(http(429)))).rule).toBe('throttled')
  expect(
    classify(Object.assign(new MillraceError('ML_HANDLER_THREW', 'no Error', { cause: { status: 404 } }))).rule,
  ).toBe('rejected')
  expect(classify(Object.assign(http(503), { cause: http(404) })).rule).toBe('unavailable')
  const ring = caused(undefined)
  ring.cause = caused(ring)
  expect(classify(ring).rule).toBe('failed')
  const endless = (): object => ({
    get cause() {
      return endless()
    },
  })
  expect(classify(endless()).rule).toBe('failed')
  // Whoever wraps a defect may mean something else by it.
  expect(classify(caused(new TypeError('t'))).rule).toBe('failed')
})

it('never throws, whatever getters and proxies do', () => {
  const hostile = {
    get name(): string {
      throw new Error('name')
    },
    get cause(): unknown {
      throw new Error('cause')
    },
    status: 404,
  }
  expect(classify(hostile).rule).toBe('rejected')
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  expect(classify(revoked.proxy).rule).toBe('failed')
  expect(
    classify(
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('get')
          },
        },
      ),
    ).rule,
  ).toBe('failed')
})
