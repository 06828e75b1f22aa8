import type { RawRecord } from '../event/index.js'
import type { Verdict } from './verdict.js'

/** The verdicts on one source partition's records, kept by their place in the batch: cheaper than a map, for thousands of them. */
export class Verdicts {
  readonly #records: readonly RawRecord[]
  readonly #verdicts: (Verdict | undefined)[]
  /** How many there are. */
  size = 0

  /** @param records of one source partition, offsets rising */
  constructor(records: readonly RawRecord[]) {
    this.#records = records
    this.#verdicts = new Array(records.length).fill(undefined)
  }

  get(record: RawRecord): Verdict | undefined {
    return this.#verdicts[this.#placeOf(record)]
  }

  has(record: RawRecord): boolean {
    return this.get(record) !== undefined
  }

  set(record: RawRecord, verdict: Verdict): void {
    const place = this.#placeOf(record)
    if (this.#verdicts[place] === undefined) this.size++
    this.#verdicts[place] = verdict
  }

  delete(record: RawRecord): void {
    if (!this.has(record)) return
    this.#verdicts[this.#placeOf(record)] = undefined
    this.size--
  }

  /** Records with their verdicts, offsets rising. */
  *[Symbol.iterator](): Generator<[RawRecord, Verdict]> {
    for (const [place, verdict] of this.#verdicts.entries()) {
      const record = this.#records[place]
      if (verdict !== undefined && record !== undefined) yield [record, verdict]
    }
  }

  /** Of a record that is not in the batch: -1. */
  #placeOf(record: RawRecord): number {
    const first = this.#records[0]?.offset ?? 0
    // Without holes before it, its offset says where it is.
    const direct = record.offset - first
    if (this.#records[direct] === record) return direct
    let [low, high] = [0, Math.min(direct, this.#records.length - 1)]
    while (low <= high) {
      const middle = (low + high) >> 1
      const { offset = 0 } = this.#records[middle] ?? {}
      if (offset === record.offset) return this.#records[middle] === record ? middle : -1
      if (offset < record.offset) low = middle + 1
      else high = middle - 1
    }
    return -1
  }
}
