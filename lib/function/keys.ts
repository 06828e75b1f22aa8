import {
  type Deduplicator,
  encodeResult,
  type Idempotency,
  type KeyedRecord,
  type KeyVerdict,
} from '../dedupe/index.js'
import type { Engine, Reserved } from '../engine/index.js'
import { asError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Claimed } from '../ledger/index.js'
import { type Decoded, decode } from './decode.js'
import type { Settings } from './options.js'
import { DecodedRecord, type KafkaRecord } from './record.js'

/** Reads records, and what is known of their idempotency keys, for one invocation. */
export interface Reader<V, K> {
  decode(record: RawRecord): Decoded<V, K> | Promise<Decoded<V, K>>
  /** The first result, for a duplicate whose handler is to have it. */
  first(record: RawRecord): { readonly result: unknown } | undefined
  /** Keeps what a handler gave through `ctx.result`. @throws MillraceError `ML_RESULT_INVALID` */
  keep(record: RawRecord, value: unknown): void
  readonly engine: Pick<Engine, 'reserve' | 'settled'>
}

/** What redriven records are, asked before anything else. */
type Redriven = NonNullable<Engine['reserve']>

/** Without idempotency keys there is nothing more to know before a record runs. */
export function plainReader<V, K>(settings: Settings<V, K>, redriven: Redriven): Reader<V, K> {
  return {
    decode: (record) => decode(record, settings),
    first: () => undefined,
    keep: () => {},
    engine: { reserve: redriven },
  }
}

/** Decodes all records before anything runs, for their keys; once each. */
export function keyedReader<V, K>(
  settings: Settings<V, K>,
  idempotency: Idempotency<KafkaRecord<V, K>>,
  deduplicator: Deduplicator,
  redriven: Redriven,
  now: () => number,
): Reader<V, K> {
  const decoded = new Map<RawRecord, Decoded<V, K>>()
  const keys = new Map<RawRecord, string>()
  const firsts = new Map<RawRecord, { readonly result: unknown }>()
  const results = new Map<RawRecord, string>()

  async function keyed(record: RawRecord): Promise<KeyedRecord[]> {
    const read = await decode(record, settings)
    decoded.set(record, read)
    if (!(read instanceof DecodedRecord)) return []
    try {
      const key = idempotency.keyOf(read)
      if (key === undefined) return []
      keys.set(record, key)
      return [{ record, key }]
    } catch (thrown) {
      decoded.set(record, { status: 'failed', stage: 'validate', error: asError(thrown) })
      return []
    }
  }

  async function reserve(claims: readonly Claimed[]): Promise<ReadonlyMap<RawRecord, Reserved>> {
    const known = await redriven(claims)
    // A redrive that has its record's effect is asked for its own key like any other.
    const isUnknown = (record: RawRecord) => (known.get(record)?.kind ?? 'first') === 'first'
    const partitions = await Promise.all(
      claims.map(async ({ partition: { topic, partition }, state, todo }) => {
        const records = (await Promise.all(todo.filter(isUnknown).map(keyed))).flat()
        return { topic, partition, state, records }
      }),
    )
    // All that this invocation holds: an owner may stand where nothing has a key of its own.
    const isKeyed = partitions.some(({ records }) => records.length > 0)
    const verdicts: ReadonlyMap<RawRecord, KeyVerdict> = isKeyed
      ? await deduplicator.reserve(partitions, now())
      : new Map()
    const told = idempotency.onDuplicate === undefined ? verdicts : new Map([...verdicts].map(withFirst))
    return known.size === 0 ? told : new Map<RawRecord, Reserved>([...known, ...told])
  }

  /** Who wants first results runs its duplicates: with the result, once there is one. */
  function withFirst([record, verdict]: [RawRecord, KeyVerdict]): [RawRecord, KeyVerdict] {
    if (verdict.kind === 'first') return [record, verdict]
    if (!verdict.ofSettled) return [record, { ...verdict, sameBatch: false }]
    firsts.set(record, { result: verdict.result })
    return [record, { kind: 'first' }]
  }

  return {
    decode: (record) => decoded.get(record) ?? decode(record, settings),
    first: (record) => firsts.get(record),
    keep(record, value) {
      if (idempotency.onDuplicate !== undefined) results.set(record, encodeResult(value))
    },
    engine: {
      reserve,
      async settled(records) {
        const first = records.flatMap((record) => {
          const [key, result] = [keys.get(record), results.get(record)]
          return key === undefined || result === undefined ? [] : [{ record, key, result }]
        })
        if (first.length > 0) await deduplicator.keepResults(first)
      },
    },
  }
}
