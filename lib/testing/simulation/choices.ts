/** What a choice is about. Each kind has a list of its own, so that a change in one does not shift the others while shrinking. */
export const kinds = ['world', 'log', 'order', 'time', 'fault', 'mapping', 'handler'] as const
export type Kind = (typeof kinds)[number]

/** All choices of one run, by kind: replayed, they make the same run. */
export type Recording = Readonly<Record<Kind, readonly number[]>>

/**
 * Where all chance of a run comes from, and is recorded. Zero is always the plainest choice (no fault, the oldest task, the
 * shortest wait), so that a recording is shrunk by making its numbers smaller and its lists shorter.
 */
export class Choices {
  readonly #made: Record<Kind, number[]>
  readonly #replayed: Recording | undefined
  #state: number

  /** @param from a seed (any 32-bit number), or the choices of a former run; where those end, zeros follow */
  constructor(from: number | Recording) {
    this.#made = { world: [], log: [], order: [], time: [], fault: [], mapping: [], handler: [] }
    this.#replayed = typeof from === 'number' ? undefined : from
    this.#state = typeof from === 'number' ? from | 0 : 0
  }

  /** A whole number from 0 up to, but not including, `n`. */
  below(kind: Kind, n: number): number {
    const made = this.#made[kind]
    const replayed = this.#replayed?.[kind]
    const value = replayed === undefined ? Math.floor(this.#random() * n) : Math.min(replayed[made.length] ?? 0, n - 1)
    made.push(value)
    return value
  }

  /** Once in so many times; never where shrunk. */
  oneIn(kind: Kind, n: number): boolean {
    return this.below(kind, n) === n - 1 && n > 1
  }

  /** One of the list; the first is the plainest. */
  pick<T>(kind: Kind, list: readonly [T, ...T[]]): T {
    return list[this.below(kind, list.length)] ?? list[0]
  }

  /** What was chosen so far. */
  get recording(): Recording {
    return this.#made
  }

  // mulberry32: small, fast, and the same everywhere.
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
