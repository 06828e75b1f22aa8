import { fallback, hold, kafkaFunction, retry, text } from 'millrace'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from 'millrace/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { emptyState, type LedgerState } from '../ledger/state.js'
import { type HttpAnswer, healthHandler } from './handler.js'
import type { Health } from './look.js'
import { partitionHealth } from './partition.js'

let deployment: TestDeployment
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT')
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'shop')
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'shop-dev-millrace-health')
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true')
  deployment = await testDeployment({ topic: 'orders', group: 'shop' })
})
afterAll(() => {
  vi.unstubAllEnvs()
  return deployment?.stop()
})

const request = { requestContext: { http: { method: 'GET', path: '/health' } } }
const minutes = (count: number) => count * 60_000

/** An environment of the health function, so many milliseconds from now. */
function environment() {
  let later = 0
  const handler = healthHandler({ now: () => Date.now() + later })
  return {
    pass: (ms: number) => {
      later += ms
    },
    scheduled: async () => (await handler({ source: 'aws.events' })) as Health,
    asked: async () => {
      const { statusCode, body } = (await handler(request)) as HttpAnswer
      return { statusCode, health: JSON.parse(body) }
    },
  }
}

/** What a handler makes of the values, on a partition of a test's own. */
async function delivered(partition: number, values: readonly string[]): Promise<void> {
  const handler = kafkaFunction({ value: text(), retry: { intervalMs: 1 } }, ({ value }) => {
    if (value === 'retry') return retry('later')
    if (value === 'hold') return hold({ forMs: minutes(60), reason: 'fresh' })
    return value === 'bad' ? fallback('bad') : undefined
  })
  await invoke(handler, kafkaEvent({ topic: 'orders', records: values.map((value) => ({ partition, value })) }))
}

const of = (health: Health, partition: number) => health.partitions.find((one) => one.partition === partition)

describe('A service of which nothing was read yet', () => {
  it('is in order', async () => {
    const { statusCode, health } = await environment().asked()
    expect([statusCode, health]).toEqual([
      200,
      { status: 'ok', at: expect.any(Number), failuresWaiting: { count: 0, atLeast: false }, partitions: [] },
    ])
  })
})

describe('What a look finds is', () => {
  it('how far each partition is, and what waits among the failures [T-20 partly]', async () => {
    await delivered(0, ['good', 'bad', 'good'])
    const health = await environment().scheduled()
    expect(health.failuresWaiting).toEqual({ count: 1, atLeast: false })
    expect(of(health, 0)).toMatchObject({
      ...{ group: 'shop', topic: 'orders', settledBelow: 3, delivered: 2, open: 0, inFlight: 0 },
      ...{ newestAt: expect.any(Number), oldestOpenAt: null, quietSince: null, stalled: false },
    })
  })

  it('a record in pieces once', async () => {
    const before = await environment().scheduled()
    const large = kafkaFunction({}, () => fallback('large'))
    await invoke(large, kafkaEvent({ topic: 'orders', records: [{ partition: 1, value: 'x'.repeat(800_000) }] }))
    const { failuresWaiting } = await environment().scheduled()
    expect(failuresWaiting.count).toBe(before.failuresWaiting.count + 1)
  })

  it('published by schedule, for the service, and not when asked', async () => {
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false')
    const lines: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
    await environment().asked()
    const health = await environment().scheduled()
    write.mockRestore()
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'millrace',
              Dimensions: [['service', 'function']],
              Metrics: [
                { Name: 'failuresWaiting', Unit: 'Count' },
                { Name: 'openRecords', Unit: 'Count' },
                { Name: 'oldestOpenSeconds', Unit: 'Seconds' },
                { Name: 'stalledPartitions', Unit: 'Count' },
              ],
            },
          ],
        },
        ...{ service: 'shop', function: 'shop-dev-millrace-health', failuresWaiting: health.failuresWaiting.count },
        ...{ openRecords: 0, oldestOpenSeconds: 0, stalledPartitions: 0 },
      },
    ])
  })

  it('no part of a record', async () => {
    await delivered(2, ['a-secret-value', 'bad'])
    expect(JSON.stringify(await environment().asked())).not.toContain('a-secret-value')
  })
})

describe('A partition in which something is due', () => {
  it('has stalled once nobody has come for it for five minutes, and the service is unhealthy [E-10 partly]', async () => {
    await delivered(3, ['retry'])
    const { pass, asked } = environment()
    expect(of((await asked()).health, 3)).toMatchObject({ open: 1, settledBelow: 0, stalled: false })
    pass(minutes(6))
    const { statusCode, health } = await asked()
    expect([statusCode, health.status]).toEqual([503, 'stalled'])
    expect(of(health, 3)).toMatchObject({ oldestOpenAt: expect.any(Number), stalled: true })
    await delivered(3, ['good'])
    pass(minutes(1))
    expect((await asked()).statusCode).toBe(200)
  })

  it('waits rightly while it is held', async () => {
    await delivered(4, ['hold'])
    const { pass, asked } = environment()
    await asked()
    pass(minutes(30))
    expect((await asked()).statusCode).toBe(200)
    pass(minutes(40))
    expect((await asked()).statusCode).toBe(503)
    await delivered(4, ['good'])
  })
})

describe('Of the ledger alone it is known', () => {
  const now = 10_000_000
  const look = (state: Partial<LedgerState>, since?: number) =>
    partitionHealth(
      { group: 'g', topic: 't' },
      { partition: 0, item: { version: 7, writeId: 'w', state: { ...emptyState, ...state } } },
      { look: since === undefined ? undefined : { version: 7, since }, now, stallMs: 300_000 },
    )
  const claimed = (leaseEnd: number) => ({
    claim: { owner: 'o', leaseEnd, inFlight: { from: 5, to: 9 }, marker: null },
  })
  const record = {
    offset: 5,
    attempts: 1,
    deaths: 0,
    convicted: false,
    givenUp: false,
    holds: 0,
    timestamp: 1,
    firstSeen: 2,
  }

  it('that an invocation died, from the end of its lease on', () => {
    expect(look(claimed(now + 1))).toMatchObject({ inFlight: 5, quietSince: null, stalled: false })
    expect(look(claimed(now - 299_999))).toMatchObject({ quietSince: now - 299_999, stalled: false })
    expect(look(claimed(now - 300_000))).toMatchObject({ quietSince: now - 300_000, stalled: true })
  })

  it('nothing of what never started, until a second look finds it as it was', () => {
    const waiting = { pending: [{ from: 5, to: 9 }], delivered: 9 }
    expect(look(waiting)).toMatchObject({ settledBelow: 5, quietSince: null, stalled: false })
    expect(look(waiting, now - 300_000)).toMatchObject({ stalled: true })
    expect(look({ crashed: { from: 5, to: 9 } }, now - 300_000)).toMatchObject({ stalled: true })
  })

  it('nothing of a record that was to run at once, until a second look finds it as it was', () => {
    const open = [{ ...record, notBefore: 0 }]
    expect(look({ open })).toMatchObject({ oldestOpenAt: 2, stalled: false })
    expect(look({ open }, now - 300_000)).toMatchObject({ stalled: true })
  })

  it('that a settled partition is quiet for good reason', () => {
    expect(look({ settled: [{ from: 0, to: 9, anchors: [] }], delivered: 9 }, 0)).toMatchObject({ stalled: false })
  })
})

describe('Tables that do not answer', () => {
  it('make it unhealthy, of an unknown kind, and fail what is scheduled', async () => {
    vi.stubEnv('MILLRACE_FAILURES_TABLE', 'gone')
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { asked, scheduled } = environment()
    expect(await asked()).toEqual({ statusCode: 503, health: { status: 'unknown', error: 'ML_TABLE_MISSING' } })
    expect(log).toHaveBeenCalledWith(expect.stringContaining('there is no table gone'))
    await expect(scheduled()).rejects.toThrow(/^ML_TABLE_MISSING/)
    log.mockRestore()
    vi.stubEnv('MILLRACE_FAILURES_TABLE', deployment.failuresTable)
  })
})
