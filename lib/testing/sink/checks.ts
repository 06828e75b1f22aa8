import { MillraceError } from '../../errors.js'
import type { SinkRecord } from '../../sink/index.js'
import { broken, close, open, requireKept, snapshotOf, soon, write, writeAll } from './bench.js'
import { recordsOf, some } from './records.js'
import type { Ability, SinkOnTarget } from './spec.js'

/** Limits of one run. */
export interface Limits {
  readonly mostCalls: number
  readonly soonMs: number
}

/** A check, and what of its target it cannot do without. */
export interface Check {
  readonly name: string
  readonly needs?: Ability
  run(on: SinkOnTarget, limits: Limits): Promise<void>
}

export const checks: readonly Check[] = [
  {
    name: 'acknowledges each record, and the target holds it then',
    async run(on) {
      const records = some(25)
      await writeAll(on, records)
      await requireKept(on, records)
    },
  },
  {
    name: 'answers nothing for no records, and writes nothing',
    async run(on) {
      await write(on, [])
      const kept = await on.contents()
      if (kept.length > 0) throw broken(`the target holds ${kept.length} records, and none were written`)
    },
  },
  {
    name: 'keeps keys and values byte for byte: none, empty ones, and those that are no text',
    async run(on) {
      const odd = [null, Buffer.alloc(0), Buffer.from([0, 0xff, 0xc3, 0x28]), Buffer.from('\u0000\ufffe"\\\n🌍')]
      const records = recordsOf([...odd.map((value) => ({ value })), ...odd.map((key) => ({ key }))])
      await writeAll(on, records)
      await requireKept(on, records)
    },
  },
  {
    name: 'leaves the target as it is when the same records come again, in whole or in part',
    async run(on) {
      const records = some(30)
      await writeAll(on, records)
      const before = await snapshotOf(on)
      await writeAll(on, records)
      await writeAll(on, records.slice(10, 20))
      if ((await snapshotOf(on)) !== before) throw broken('the target is another one after the same records came again')
    },
  },
  {
    name: 'keeps records of one key in their order',
    async run(on) {
      const records = recordsOf(Array.from({ length: 60 }, (_, i) => ({ key: Buffer.from(`lane${i % 3}`) })))
      await writeAll(on, records.slice(0, 45))
      await writeAll(on, records.slice(45))
      const kept = await on.contents()
      for (const lane of [0, 1, 2])
        requireOrder(
          kept.map(({ id }) => id),
          records.filter((_, i) => i % 3 === lane),
        )
    },
  },
  {
    name: 'writes a thousand records in few calls',
    needs: 'calls',
    async run(on, { mostCalls }) {
      const records = some(1_000)
      const before = on.calls?.() ?? 0
      await writeAll(on, records)
      const calls = (on.calls?.() ?? 0) - before
      if (calls > mostCalls) throw broken(`1,000 records cost ${calls} calls to the target, more than ${mostCalls}`)
      await requireKept(on, records)
    },
  },
  {
    name: 'fails the records that the target refuses, and no others',
    needs: 'refuse',
    async run(on) {
      const records = some(30)
      const bad = new Set([3, 4, 17, 29].map((i) => records[i]?.id ?? ''))
      await on.refuse?.(bad)
      const answers = await write(on, records)
      for (const [i, { id }] of records.entries()) {
        if (answers[i]?.ok !== !bad.has(id))
          throw broken(
            `${id} was ${answers[i]?.ok ? '' : 'not '}acknowledged, and the target ${bad.has(id) ? 'refused' : 'took'} it`,
          )
      }
      await requireKept(
        on,
        records.filter(({ id }) => !bad.has(id)),
      )
      await on.refuse?.(new Set())
      await writeAll(on, records)
      await requireKept(on, records)
    },
  },
  {
    name: 'ends soon when its signal aborts, and acknowledges nothing that the target does not hold',
    needs: 'hang',
    async run(on, { soonMs }) {
      await on.hang?.(true)
      const controller = new AbortController()
      const records = some(30)
      const writing = write(on, records, controller.signal).catch(rejected(records))
      setTimeout(() => controller.abort(new Error('time is up')), 50)
      const answers = await soon(writing, soonMs, 'a write whose signal had aborted')
      await requireKept(
        on,
        records.filter((_, i) => answers[i]?.ok),
      )
      await on.hang?.(false)
      await writeAll(on, records)
      await requireKept(on, records)
    },
  },
  {
    name: 'acknowledges nothing that it does not write, where its signal has aborted before',
    async run(on, { soonMs }) {
      const records = some(5)
      const writing = write(on, records, AbortSignal.abort(new Error('time is up'))).catch(rejected(records))
      const answers = await soon(writing, soonMs, 'a write whose signal had aborted')
      await requireKept(
        on,
        records.filter((_, i) => answers[i]?.ok),
      )
    },
  },
  {
    name: 'writes several batches at once, and answers each for its own records',
    async run(on) {
      const batches = Array.from({ length: 8 }, (_, i) => some(i + 1))
      await Promise.all(batches.map((records) => writeAll(on, records)))
      await requireKept(on, batches.flat())
    },
  },
  {
    name: 'closes under load: each write ends, and what it acknowledged is there',
    async run(on, { soonMs }) {
      const batches = Array.from({ length: 8 }, () => some(20))
      const writing = batches.map((records) => write(on, records).catch(rejected(records)))
      await close(on, soonMs)
      const answers = await soon(Promise.all(writing), soonMs, 'a write when the sink was closed')
      await open(on)
      await requireKept(
        on,
        batches.flatMap((records, b) => records.filter((_, i) => answers[b]?.[i]?.ok)),
      )
    },
  },
  {
    name: 'closes twice, and can be opened and written to afterwards',
    async run(on, { soonMs }) {
      const [before, after] = [some(3), some(3)]
      await writeAll(on, before)
      await Promise.all([close(on, soonMs), close(on, soonMs)])
      await close(on, soonMs)
      await open(on)
      await writeAll(on, after)
      await requireKept(on, [...before, ...after])
    },
  },
]

/** A write may throw: then it has acknowledged nothing. That it answers what is no acknowledgement is a breach all the same. */
const rejected = (records: readonly SinkRecord[]) => (error: Error) => {
  if (error instanceof MillraceError && error.code === 'ML_SINK_CONTRACT') throw error
  return records.map(() => ({ ok: false as const, error }))
}

/** That of these records those that are kept stand in their order, the last one at the end: a target may keep but one of a key. */
function requireOrder(kept: readonly string[], lane: readonly SinkRecord[]): void {
  const ids = lane.map(({ id }) => id)
  const order = kept.filter((id) => ids.includes(id)).map((id) => ids.indexOf(id))
  const behind = order.findIndex((place, i) => i > 0 && place < (order[i - 1] ?? 0))
  if (behind !== -1) throw broken(`${ids[order[behind] ?? 0]} stands behind a record of its key that came after it`)
  if (order.at(-1) !== ids.length - 1)
    throw broken(`the last record of its key, ${ids.at(-1)}, is not the one that stayed`)
}
