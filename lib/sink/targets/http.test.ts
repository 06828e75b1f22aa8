import { afterEach, describe, expect, it } from 'vitest'
import { type KeptRecord, type SinkOnTarget, sinkConformance } from '../../testing/index.js'
import { some } from '../../testing/sink/records.js'
import { httpSink } from './index.js'
import { type Received, type Service, startService } from './service.fixture.js'

type Bytes = string | null | { readonly base64: string }
interface Posted {
  readonly id: string
  readonly key: Bytes
  readonly value: Bytes
}
const bytesOf = (given: Bytes) =>
  given === null ? null : typeof given === 'string' ? Buffer.from(given) : Buffer.from(given.base64, 'base64')
const posted = ({ body }: Received): Posted[] => JSON.parse(body)

const services: Service[] = []
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop()
})
async function serviceOf(...given: Parameters<typeof startService>): Promise<Service> {
  const service = await startService(...given)
  services.push(service)
  return service
}

/** A service that keeps each id once, and names what it refuses in its answer. */
async function target(refuses: 'by name' | 'by status'): Promise<SinkOnTarget> {
  const kept = new Map<string, KeptRecord>()
  let refused: ReadonlySet<string> = new Set()
  let hangs = false
  const service = await serviceOf((request, response) => {
    const all = posted(request)
    const bad = all.filter(({ id }) => refused.has(id))
    if (bad.length > 0 && refuses === 'by status') return response.writeHead(422).end('bad records')
    for (const { id, key, value } of all)
      if (!refused.has(id)) kept.set(id, { id, key: bytesOf(key), value: bytesOf(value) })
    if (!hangs) response.end(JSON.stringify({ failures: bad.map(({ id }) => ({ id, reason: 'bad' })) }))
  })
  return {
    sink: httpSink({ url: service.url }),
    contents: async () => [...kept.values()],
    calls: () => service.received.length,
    refuse: (ids) => {
      refused = ids
    },
    hang: (on) => {
      hangs = on
    },
  }
}

describe('the sink on a service over HTTP', () => {
  const shows = ['calls', 'refuse', 'hang'] as const
  it.each(sinkConformance({ make: () => target('by name'), shows, mostCalls: 10 }))('$name [K-16]', ({ run }) => run())

  const byStatus = sinkConformance({ make: () => target('by status'), shows })
  it.each(byStatus.filter(({ name }) => name.startsWith('fails the')))('$name, found by halves [K-16]', ({ run }) =>
    run())

  const never = new AbortController().signal

  it.each([
    401, 403, 408, 425, 429, 500, 502, 503, 504,
  ])('retries after %i, and sends nothing behind it', async (status) => {
    const { url, received } = await serviceOf((_, response) => response.writeHead(status).end('not now'))
    const answers = await httpSink({ url, batch: 10 }).write(some(30), never)
    expect([received.length, new Set(answers.map((answer) => !answer.ok && answer.status)).size]).toEqual([1, 1])
    expect(answers[29]).toMatchObject({ ok: false, error: { message: expect.stringContaining(`${status}`) } })
    expect(answers[29]).not.toHaveProperty('status')
  })

  it.each([400, 404, 413, 422])('refuses a record for good that is answered %i alone', async (status) => {
    const { url } = await serviceOf((_, response) => response.writeHead(status).end('no'))
    const answers = await httpSink({ url }).write(some(2), never)
    expect(answers).toMatchObject([
      { ok: false, status: 'fallback', error: { code: 'ML_SINK_REFUSED' } },
      { ok: false, status: 'fallback' },
    ])
  })

  it('gives up the search for what is refused after two hundred refusals', async () => {
    const { url, received } = await serviceOf((_, response) => response.writeHead(400).end())
    const answers = await httpSink({ url, batch: 1_000 }).write(some(1_000), never)
    expect(received.length).toBeLessThan(500)
    expect(answers.at(-1)).not.toHaveProperty('status')
  })

  it('does not follow redirects: a body is for nobody else', async () => {
    const other = await serviceOf((_, response) => response.end())
    const { url } = await serviceOf((_, response) => response.writeHead(307, { location: other.url }).end())
    const [answer] = await httpSink({ url }).write(some(1), never)
    expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining(other.url) } })
    expect(other.received).toEqual([])
  })

  it('retries where nobody listens, where an answer takes too long, and where it breaks off', async () => {
    const broken = await serviceOf((_, response) => response.socket?.destroy())
    const silent = await serviceOf(() => {})
    for (const [options, reason] of [
      [{ url: 'http://127.0.0.1:9' }, /127\.0\.0\.1|bad port/],
      [{ url: silent.url, timeoutMs: 50 }, /no answer in 50 ms/],
      [{ url: broken.url }, /closed|socket|reset/i],
    ] as const) {
      const [answer] = await httpSink(options).write(some(1), never)
      expect(answer).toMatchObject({
        ok: false,
        error: { code: 'ML_SINK_FAILED', message: expect.stringMatching(reason) },
      })
    }
  })

  it('sends once more over another connection where the service has closed the one that it used before', async () => {
    const service = await serviceOf((_, response) => {
      if (service.received.length === 2) response.socket?.destroy()
      else response.end()
    })
    const sink = httpSink({ url: service.url })
    for (const _ of [1, 2]) expect(await sink.write(some(1), never)).toEqual([{ ok: true }])
    expect(service.received).toHaveLength(3)
  })

  it('fails what an answer names by how it names it, and all of it where it names what it was not sent', async () => {
    const { url } = await serviceOf((request, response) => {
      const [a, b, c] = posted(request)
      if (c === undefined) return response.end('{"failures":[{"id":"unknown"}]}')
      response.end(JSON.stringify({ failures: [{ id: a?.id, status: 'fallback', reason: 'bad' }, { id: b?.id }] }))
    })
    const sink = httpSink({ url })
    expect(await sink.write(some(3), never)).toMatchObject([
      { ok: false, status: 'fallback' },
      { ok: false },
      { ok: true },
    ])
    expect((await sink.write(some(2), never)).map(({ ok }) => ok)).toEqual([false, false])
  })

  it('has one idempotency key for the same records, and another for others [P-17]', async () => {
    const { url, received } = await serviceOf((_, response) => response.end())
    const sink = httpSink({ url, headers: { authorization: 'secret' } })
    const records = some(3)
    await sink.write(records, never)
    await sink.write(records, never)
    await sink.write(records.slice(1), never)
    const keys = received.map(({ headers }) => headers['idempotency-key'])
    expect([keys[0] === keys[1], keys[1] === keys[2], received[0]?.headers.authorization]).toEqual([
      true,
      false,
      'secret',
    ])
  })

  it('uses its connection again, and lets go of it when idle [K-13 partly]', async () => {
    const service = await serviceOf((_, response) => response.end('{}'), 4_000)
    const sink = httpSink({ url: service.url })
    for (let i = 0; i < 50; i++) await sink.write(some(3), never)
    // A second one where the first was not free again in the very moment.
    expect(service.sockets.made).toBeLessThan(5)
    await expect.poll(() => service.sockets.open, { timeout: 5_000 }).toBe(0)
  })

  it.each([
    [{ url: 'ftp://x' }, /url/],
    [{ url: 'nowhere' }, /url/],
    [{ url: 'http://x', batch: 0 }, /batch/],
    [{ url: 'http://x', timeoutMs: 0.5 }, /timeoutMs/],
  ])('refuses the options %j', (options, named) => {
    expect(() => httpSink(options)).toThrow(named)
  })
})
