import { describe, expect, it } from 'vitest'
import type { SinkRecord } from '../../sink/index.js'
import { type KeptRecord, sinkConformance } from './index.js'
import { no, type Parts, sinkOf, sound, yes } from './memory.fixture.js'

const shows = ['calls', 'refuse', 'hang'] as const
const conformance = (parts?: () => Partial<Parts>) =>
  sinkConformance({ make: async () => sinkOf(parts?.()), shows, mostCalls: 20, soonMs: 300 })

describe('a sound sink', () => {
  it.each(conformance())('$name [K-16]', ({ run }) => run())

  it('is not asked for what its target cannot show', () => {
    const all = conformance().map(({ name }) => name)
    const few = sinkConformance({ make: async () => sinkOf() }).map(({ name }) => name)
    expect(all.filter((name) => !few.includes(name))).toHaveLength(3)
  })
})

const acknowledged = (records: readonly SinkRecord[]) => records.map(() => yes)
const keeping =
  (keep: (record: SinkRecord) => KeptRecord): Parts['write'] =>
  async (target, records) => {
    const taken = await target.put(records, keep)
    return taken.map((isTaken) => (isTaken ? yes : no))
  }

/** Sinks with one bug each, and the check that has to find it. */
const bugs: readonly (readonly [bug: string, check: RegExp, parts: () => Partial<Parts>])[] = [
  [
    'acknowledges what it has not written',
    /^acknowledges each/,
    () => ({ write: async (_, records) => acknowledged(records) }),
  ],
  [
    'forgets the last record of a call',
    /^acknowledges each/,
    () => ({
      async write(target, records) {
        await target.put(records.slice(0, -1))
        return acknowledged(records)
      },
    }),
  ],
  [
    'answers too few',
    /^acknowledges each/,
    () => ({ write: async (...given) => ((await sound.write(...given)) as unknown[]).slice(1) }),
  ],
  [
    'answers too many',
    /^acknowledges each/,
    () => ({ write: async (...given) => [...((await sound.write(...given)) as unknown[]), yes] }),
  ],
  [
    'answers with what is no acknowledgement',
    /^acknowledges each/,
    () => ({ write: async (...given) => ((await sound.write(...given)) as unknown[]).map(() => 'ok') }),
  ],
  ['fails without an error', /^fails the records/, () => ({ write: withoutError })],
  [
    'answers something for nothing',
    /^answers nothing/,
    () => ({
      write: async (target, records, signal) => (records.length === 0 ? [yes] : sound.write(target, records, signal)),
    }),
  ],
  [
    'takes none for empty',
    /^keeps keys and values/,
    () => ({ write: keeping((record) => ({ ...record, value: record.value ?? Buffer.alloc(0) })) }),
  ],
  [
    'reads all bytes as text',
    /^keeps keys and values/,
    () => ({
      write: keeping((record) => ({ ...record, value: record.value && Buffer.from(record.value.toString()) })),
    }),
  ],
  [
    'reads keys as text',
    /^keeps keys and values/,
    () => ({ write: keeping((record) => ({ ...record, key: record.key && Buffer.from(record.key.toString()) })) }),
  ],
  ['appends what comes again', /^leaves the target/, appending],
  [
    'writes the last first',
    /^keeps records of one key/,
    () => ({
      write: async (target, records, signal) =>
        ((await sound.write(target, records.toReversed(), signal)) as unknown[]).reverse(),
    }),
  ],
  [
    'needs a call for each record',
    /^writes a thousand/,
    () => ({
      write: async (target, records, signal) =>
        (await Promise.all(records.map((record) => sound.write(target, [record], signal)))).flat(),
    }),
  ],
  [
    'fails all with one',
    /^fails the records/,
    () => ({
      async write(target, records) {
        const taken = await target.put(records)
        return records.map(() => (taken.every(Boolean) ? yes : no))
      },
    }),
  ],
  [
    'answers in another order',
    /^fails the records/,
    () => ({ write: async (...given) => ((await sound.write(...given)) as unknown[]).toReversed() }),
  ],
  [
    'does not look at what the target says',
    /^fails the records/,
    () => ({
      async write(target, records) {
        await target.put(records)
        return acknowledged(records)
      },
    }),
  ],
  ['ignores its signal', /^ends soon/, () => ({ write: keeping((record) => record) })],
  [
    'takes a time-out for success',
    /^acknowledges nothing that it does not write/,
    () => ({
      write: async (target, records, signal) =>
        signal.aborted ? acknowledged(records) : sound.write(target, records, signal),
    }),
  ],
  ['mixes up batches that are under way at once', /^writes several/, sharing],
  ['loses at its close what it acknowledges', /^closes under load/, losing],
  ['never ends its close', /^closes/, () => ({ close: () => new Promise(() => {}) })],
  ['cannot be closed twice', /^closes twice/, () => ({ close: once() })],
  ['cannot be written to after its close', /^closes twice/, shutting],
]

describe('a sink that', () => {
  it.each(bugs)('%s is found [K-16]', async (_, check, parts) => {
    const due = conformance(parts).filter(({ name }) => check.test(name))
    expect(due.length).toBeGreaterThan(0)
    for (const { run } of due) await expect(run()).rejects.toMatchObject({ code: 'ML_SINK_CONTRACT' })
  })
})

async function withoutError(...given: Parameters<Parts['write']>) {
  return ((await sound.write(...given)) as { ok: boolean }[]).map(({ ok }) => ({ ok }))
}

function appending(): Partial<Parts> {
  let times = 0
  return { write: keeping((record) => ({ ...record, value: Buffer.from(`${times++}`) })) }
}

function sharing(): Partial<Parts> {
  let current: readonly SinkRecord[] = []
  return {
    async write(target, records) {
      current = records
      await new Promise((resolve) => setImmediate(resolve))
      await target.put(current)
      return acknowledged(records)
    },
  }
}

function losing(): Partial<Parts> {
  let waiting: SinkRecord[] = []
  return {
    async write(target, records) {
      waiting.push(...records)
      await new Promise((resolve) => setImmediate(resolve))
      await target.put(waiting)
      return acknowledged(records)
    },
    async close() {
      waiting = []
    },
  }
}

function once(): () => Promise<void> {
  let closed = false
  return async () => {
    if (closed) throw new Error('closed already')
    closed = true
  }
}

function shutting(): Partial<Parts> {
  let closed = false
  return {
    write: async (...given) => (closed ? given[1].map(() => no) : sound.write(...given)),
    async close() {
      closed = true
    },
  }
}
