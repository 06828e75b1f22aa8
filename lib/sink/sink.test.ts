import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { fromJson } from './envelope/index.js'
import {
  type Acknowledgement,
  type Failure,
  fallbackOf,
  handOver,
  opening,
  type Sink,
  type SinkRecord,
} from './index.js'
import { pool } from './pool.js'

const never = new AbortController().signal
const yes: Acknowledgement = { ok: true }
const giver = { group: 'g', functionName: 'f' }

function failuresOf(count: number): Failure[] {
  const specs = Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    value: `v${i}`,
    headers: [['h', 'x'] as const],
  }))
  const records = readBatch(kafkaEvent({ topic: 't', records: specs })).partitions[0]?.records ?? []
  const about = { attempts: 2, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'r' } as const
  return records.map((record) => ({ ...about, record }))
}
const sinkOf = (write: Sink['write']): Sink => ({ name: 'elsewhere', write })

/** Sinks that do not what they should, with what is said of it. */
const wrong: readonly (readonly [string, Sink['write'], string, RegExp])[] = [
  ['throws', () => Promise.reject(new Error('down')), 'ML_SINK_FAILED', /elsewhere.*down/],
  [
    'throws at once',
    () => {
      throw new Error('down')
    },
    'ML_SINK_FAILED',
    /elsewhere.*down/,
  ],
  ['answers too few', async () => [yes], 'ML_SINK_CONTRACT', /elsewhere answered 1 times for 2/],
  ['answers too many', async () => [yes, yes, yes], 'ML_SINK_CONTRACT', /elsewhere answered 3 times/],
  ['answers nothing', async () => undefined as never, 'ML_SINK_CONTRACT', /elsewhere answered undefined/],
  [
    'answers what is truthy',
    async () => [yes, { ok: 1 } as never],
    'ML_SINK_CONTRACT',
    /elsewhere answered an object for/,
  ],
  ['fails without an error', async () => [{ ok: false } as never, yes], 'ML_SINK_CONTRACT', /elsewhere answered/],
  [
    'answers a status that there is not',
    async () => [yes, { ok: false, error: new Error('e'), status: 'serve' } as never],
    'ML_SINK_CONTRACT',
    /elsewhere answered/,
  ],
]

describe('a write', () => {
  const records = [{ id: 'a' }, { id: 'b' }] as SinkRecord[]

  it.each(
    wrong,
  )('has acknowledged nothing where the sink %s, and the error names it [P-11]', async (_, write, code, message) => {
    const answers = await handOver(sinkOf(write), records, never)
    expect(answers).toHaveLength(2)
    for (const answer of answers)
      expect(answer).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(message) } })
  })

  it('that ends after its signal has aborted has acknowledged nothing', async () => {
    const controller = new AbortController()
    let end = () => {}
    const late = sinkOf(() => new Promise((resolve) => (end = () => resolve([yes, yes]))))
    const answers = handOver(late, records, controller.signal)
    controller.abort(new Error('time is up'))
    end()
    expect((await answers).map(({ ok }) => ok)).toEqual([false, false])
    const called = sinkOf(() => Promise.reject(new Error('was called')))
    expect(await handOver(called, records, controller.signal)).toMatchObject([
      { ok: false, error: { message: expect.stringContaining('time is up') } },
      { ok: false },
    ])
  })

  it('of no records is none', async () => {
    expect(
      await handOver(
        sinkOf(() => Promise.reject(new Error('was called'))),
        [],
        never,
      ),
    ).toEqual([])
  })
})

describe('a sink as the fallback', () => {
  it('gets the original key, and the envelope as JSON and as it is [P-07, P-08 partly]', async () => {
    const written: SinkRecord[] = []
    const sink = sinkOf(async (records) => {
      written.push(...records)
      return records.map(() => yes)
    })
    const fallback = fallbackOf(sink, giver, systemClock)
    const failures = failuresOf(2)
    expect(await fallback.write(failures, never)).toEqual([yes, yes])
    expect(written.map(({ id, key }) => [id, String(key)])).toEqual([
      ['t:0:0', 'k0'],
      ['t:0:1', 'k1'],
    ])
    for (const { value, content } of written) expect(fromJson(value)).toEqual(content)
    const [first] = written
    expect(first?.content).toMatchObject({ rule: 'exhausted', group: 'g', function: 'f', value: Buffer.from('v0') })
    await fallback.write(failures, never)
    expect(written[2]).toEqual(first)
    const abandoned = { topic: 't', partition: 0, offset: 7, timestamp: 1, attempts: 1, firstSeen: 1 }
    expect(await fallback.abandon([abandoned], never)).toEqual([yes])
    expect(written.at(-1)).toMatchObject({ id: 't:0:7', key: null, content: { rule: 'abandoned' } })
  })

  it.each(wrong)('leaves records unacknowledged where it %s [K-09]', async (_, write, code, message) => {
    const answers = await fallbackOf(sinkOf(write), giver, systemClock).write(failuresOf(2), never)
    for (const answer of answers)
      expect(answer).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(message) } })
  })

  it('may not answer fallback: the record is reported, and the error says which sink [K-09]', async () => {
    const error = new Error('too large')
    const sink = sinkOf(async () => [yes, { ok: false, error, status: 'fallback' }])
    const [first, second] = await fallbackOf(sink, giver, systemClock).write(failuresOf(2), never)
    expect(first).toEqual(yes)
    expect(second).toMatchObject({
      ok: false,
      error: { code: 'ML_SINK_CONTRACT', message: expect.stringMatching(/elsewhere.*t:0:1.*too large/), cause: error },
    })
    expect(second).not.toHaveProperty('status')
  })
})

describe('opening', () => {
  const context = { group: 'g', functionName: 'f', bootstrapServers: 'b:9092', clock: systemClock }

  it('is done once, with what the sink may need to know, however many ask', async () => {
    const seen: unknown[] = []
    const sink: Sink = { name: 's', open: (given) => void seen.push(given), write: async () => [] }
    const open = opening([sink, sink, sinkOf(async () => [])])
    await Promise.all([open(context, 1_000), open(context, 1_000)])
    await open(context, 1_000)
    expect(seen).toEqual([context])
  })

  it('fails with the name of the sink, and is tried again', async () => {
    let tries = 0
    const sink: Sink = {
      name: 'flaky',
      open: () => (tries++ === 0 ? Promise.reject(new Error('not yet')) : undefined),
      write: async () => [],
    }
    const open = opening([sink])
    await expect(open(context, 1_000)).rejects.toThrow(/ML_SINK_FAILED.*flaky.*not yet/)
    await open(context, 1_000)
    expect(tries).toBe(2)
  })

  it('that takes too long fails', async () => {
    const sink: Sink = { name: 'slow', open: () => new Promise(() => {}), write: async () => [] }
    await expect(opening([sink])(context, 1)).rejects.toThrow(/slow.*not open after 1 ms/)
  })
})

describe('a connection of a sink', () => {
  it('is shared, closed once its last use has ended, and opened anew afterwards [K-13 partly]', async () => {
    const events: string[] = []
    let opened = 0
    const connections = pool(
      () => {
        events.push(`open ${++opened}`)
        return opened
      },
      (one) => void events.push(`close ${one}`),
    )
    let end = () => {}
    const first = connections.use(async () => new Promise<void>((resolve) => (end = resolve)))
    await connections.use(async (one) => void events.push(`use ${one}`))
    const closing = Promise.all([connections.close(), connections.close()])
    await connections.use(async (one) => void events.push(`use ${one}`))
    expect(events).toEqual(['open 1', 'use 1', 'open 2', 'use 2'])
    end()
    await Promise.all([first, closing])
    expect(events.at(-1)).toBe('close 1')
    await connections.close()
    expect(events.filter((event) => event.startsWith('close'))).toEqual(['close 1', 'close 2'])
  })
})
