import { MillraceError } from '../../errors.js'
import { seededRandom } from './random.js'
import type { OutgoingRecord } from './types.js'

/** What a record of the load is, for its value. */
export interface LoadValue {
  /** Its place in the load, from 0. */
  readonly n: number
  /** Its business id: equal for a record and its duplicates, different for all others of the same seed. */
  readonly id: string
  /** Its key, also where it is produced without one. */
  readonly key: string
}

/** What the records of a load are like. */
export interface LoadShape {
  /** How many different keys there are, 1 or more. Default 100. */
  readonly keys?: number
  /** Bytes of a value, where it is not made by `value`; never less than its fields take. Default 200. */
  readonly sizeBytes?: number
  /** Fraction of records whose value is no JSON, 0 to 1. Default 0. */
  readonly bad?: number
  /** Fraction of records that repeat an earlier one, byte for byte, at another offset, 0 to 1. Default 0. */
  readonly duplicates?: number
  /** Fraction of records without a key, 0 to 1. Default 0. */
  readonly nullKeys?: number
  /** The same seed makes the same records. Any whole number. Default 1. */
  readonly seed?: number
  /** Makes the value, which becomes JSON. Default: its id, key and number, filled up to `sizeBytes`. */
  readonly value?: (about: LoadValue) => unknown
}

/** One record of a load. */
export interface LoadRecord extends OutgoingRecord {
  readonly kind: 'good' | 'bad' | 'duplicate'
  /** Its business id. */
  readonly id: string
}

/** How far back a duplicate may reach, in good records. */
const recent = 100

/**
 * Records without end: the load generator of `millrace produce` and of the benchmarks. Fractions are kept exactly, spread
 * over the whole; the same shape makes the same records.
 *
 * @throws MillraceError `ML_OPTION_INVALID` for a shape that cannot be
 * @example
 * ```ts
 * import { loadRecords } from 'millrace/testing'
 *
 * const [first] = loadRecords({ keys: 10, bad: 0.01, value: ({ id, n }) => ({ orderId: id, cents: n }) })
 * console.log(String(first?.value)) // {"orderId":"1-0","cents":0}
 * ```
 */
export function loadRecords(shape: LoadShape = {}): Generator<LoadRecord, never, undefined> {
  const { keys = 100, sizeBytes = 200, bad = 0, duplicates = 0, nullKeys = 0, seed = 1 } = shape
  if (!Number.isSafeInteger(keys) || keys < 1) throw invalid('keys', keys, 'a whole number from 1')
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw invalid('sizeBytes', sizeBytes, 'a whole number from 0')
  if (!Number.isSafeInteger(seed)) throw invalid('seed', seed, 'a whole number')
  for (const [name, fraction] of Object.entries({ bad, duplicates, nullKeys, 'bad + duplicates': bad + duplicates })) {
    if (!(fraction >= 0 && fraction <= 1)) throw invalid(name, fraction, 'a fraction from 0 to 1')
  }
  return generate({
    keys,
    bad,
    duplicates,
    nullKeys,
    seed,
    value: shape.value ?? ((about) => filled(about, sizeBytes)),
  })
}

type Complete = Required<Omit<LoadShape, 'sizeBytes'>>

function* generate(shape: Complete): Generator<LoadRecord, never, undefined> {
  const { keys, seed, value } = shape
  const random = seededRandom(seed)
  const [bad, duplicate, keyless] = [share(shape.bad, 0), share(shape.duplicates, 0.5), share(shape.nullKeys, 0.25)]
  const good: LoadRecord[] = []
  for (let n = 0; ; n++) {
    const about = { n, id: `${seed}-${n}`, key: `key-${Math.floor(random() * keys)}` }
    const key = keyless() ? null : Buffer.from(about.key)
    const isBad = bad()
    const again = duplicate(!isBad && good.length > 0) ? good[Math.floor(random() * good.length)] : undefined
    if (isBad) yield { kind: 'bad', id: about.id, key, value: undecodable(n) }
    else if (again) yield { ...again, kind: 'duplicate' }
    else {
      const record: LoadRecord = { kind: 'good', id: about.id, key, value: Buffer.from(JSON.stringify(value(about))) }
      good[good.length < recent ? good.length : n % recent] = record
      yield record
    }
  }
}

/** True for exactly this fraction of the calls, spread evenly; what could not be used is made up for. Phases keep shares apart. */
function share(fraction: number, phase: number): (usable?: boolean) => boolean {
  let [asked, given] = [0, 0]
  return (usable = true) => {
    asked++
    // The tenth of ten tenths is one, whatever they add up to in binary.
    if (!usable || given >= Math.floor(asked * fraction + phase + 1e-9)) return false
    given++
    return true
  }
}

/** What is no JSON, in three ways: cut off, no UTF-8, empty. */
function undecodable(n: number): Buffer {
  if (n % 3 === 0) return Buffer.from(`{"id":"bad-${n}",`)
  if (n % 3 === 1) return Buffer.concat([Buffer.from(`{"id":"bad-${n}`), Buffer.from([0xc3, 0x28, 0xff])])
  return Buffer.alloc(0)
}

function filled(about: LoadValue, sizeBytes: number): object {
  const bare = JSON.stringify({ ...about, text: '' }).length
  return { ...about, text: 'x'.repeat(Math.max(0, sizeBytes - bare)) }
}

const invalid = (name: string, given: unknown, allowed: string): MillraceError =>
  new MillraceError('ML_OPTION_INVALID', `${name} of a load is ${given}; give ${allowed}`)
