import { describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.js'
import { readBatch } from '../../event/index.js'
import { kafkaEvent, type SinkOnTarget, sinkConformance } from '../../testing/index.js'
import { recordsOf } from '../../testing/sink/records.js'
import { fromJson } from '../envelope/index.js'
import { fallbackOf } from '../index.js'
import { consoleSink } from './index.js'

/** A stream that keeps its text, and may never be done with it. */
function streamOf() {
  const lines: string[] = []
  const state = { calls: 0, hangs: false, error: undefined as Error | undefined }
  const write = (text: string | Uint8Array, done?: unknown) => {
    state.calls++
    lines.push(...String(text).split('\n').slice(0, -1))
    if (!state.hangs && typeof done === 'function') setImmediate(() => done(state.error))
    return true
  }
  return { lines, state, stream: { write } as Pick<NodeJS.WritableStream, 'write'> }
}

type Shown = string | null | { readonly base64: string }
const bytesOf = (shown: Shown) =>
  shown === null ? null : typeof shown === 'string' ? Buffer.from(shown) : Buffer.from(shown.base64, 'base64')

async function target(): Promise<SinkOnTarget> {
  const { lines, state, stream } = streamOf()
  return {
    sink: consoleSink({ values: true, stream }),
    async contents() {
      const all = lines.map((line) => JSON.parse(line) as { id: string; key: Shown; value: Shown })
      // It only appends.
      const first = new Map(all.toReversed().map((one) => [one.id, one]))
      return all
        .filter((one) => first.get(one.id) === one)
        .map(({ id, key, value }) => ({ id, key: bytesOf(key), value: bytesOf(value) }))
    },
    calls: () => state.calls,
    hang: (hangs) => {
      state.hangs = hangs
    },
  }
}

describe('the console as a sink', () => {
  it.each(sinkConformance({ make: target, shows: ['calls', 'hang'], mostCalls: 1 }))('$name [K-16]', ({ run }) => run())

  it('shows what records hold only where it is told to', async () => {
    const { lines, stream } = streamOf()
    const headers = [{ key: 'h', value: Buffer.from('private') }]
    const given = recordsOf([{ key: Buffer.from('private'), value: Buffer.from('private'), headers }])
    await consoleSink({ stream }).write(given, new AbortController().signal)
    expect(JSON.parse(lines[0] ?? '')).toEqual({ sink: 'console', id: given[0]?.id, group: 'conformance', bytes: 7 })
  })

  it('as a fallback shows the whole envelope: nothing else is left of the record', async () => {
    const { lines, stream } = streamOf()
    const fallback = fallbackOf(consoleSink({ stream }), { group: 'g', functionName: 'f' }, systemClock)
    const [record] =
      readBatch(kafkaEvent({ topic: 't', records: [{ offset: 3, value: 'v' }] })).partitions[0]?.records ?? []
    if (record === undefined) throw new Error('no record')
    const failure = {
      ...{ record, attempts: 1, firstSeen: 1, lastSeen: 2 },
      ...{ stage: 'process' as const, rule: 'outcome', reason: 'why' },
    }
    expect(await fallback.write([failure], new AbortController().signal)).toEqual([{ ok: true }])
    const { envelope, ...about } = JSON.parse(lines[0] ?? '')
    expect(about).toEqual({ sink: 'console', id: 't:0:3', group: 'g' })
    expect(fromJson(JSON.stringify(envelope))).toMatchObject({ id: 't:0:3', reason: 'why', value: Buffer.from('v') })
  })

  it('acknowledges nothing that the stream fails to write', async () => {
    const { state, stream } = streamOf()
    state.error = new Error('EPIPE')
    const [answer] = await consoleSink({ stream }).write(recordsOf([{}]), new AbortController().signal)
    expect(answer).toMatchObject({ ok: false, error: { message: expect.stringContaining('EPIPE') } })
  })
})
