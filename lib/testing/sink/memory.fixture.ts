import type { Acknowledgement, Sink, SinkRecord } from '../../sink/index.js'
import type { KeptRecord, SinkOnTarget } from './spec.js'

/** A target in memory, which can be told to refuse, or to be slow to answer. */
export class MemoryTarget {
  readonly kept = new Map<string, KeptRecord>()
  refused: ReadonlySet<string> = new Set()
  calls = 0
  #hangs = Promise.resolve()
  #release = () => {}

  /** Takes one call; answers, each alone, whether it has taken a record. */
  async put(records: readonly SinkRecord[], keep = (record: SinkRecord): KeptRecord => record): Promise<boolean[]> {
    this.calls++
    const taken = records.map((record) => {
      if (this.refused.has(record.id)) return false
      this.kept.set(record.id, keep(record))
      return true
    })
    await new Promise((resolve) => setImmediate(resolve))
    await this.#hangs
    return taken
  }

  hang(hangs: boolean): void {
    this.#release()
    if (!hangs) return
    this.#hangs = new Promise((resolve) => {
      this.#release = resolve
    })
  }
}

/** The way of a sink to its target; a broken one has another. */
export interface Parts {
  write(target: MemoryTarget, records: readonly SinkRecord[], signal: AbortSignal): Promise<unknown>
  close?(target: MemoryTarget): Promise<void>
}

export const no: Acknowledgement = { ok: false, error: new Error('refused') }
export const yes: Acknowledgement = { ok: true }

/** A sound way: one call, ended by the signal. */
export const sound: Parts = {
  async write(target, records, signal) {
    if (records.length === 0) return []
    if (signal.aborted) return records.map(() => no)
    const aborted = new Promise<false[]>((resolve) =>
      signal.addEventListener('abort', () => resolve(records.map(() => false as const)), { once: true }),
    )
    const taken = await Promise.race([target.put(records), aborted])
    return taken.map((isTaken) => (isTaken ? yes : no))
  },
}

/** A sink made of parts, some of them perhaps broken. */
export function sinkOf(parts: Partial<Parts> = {}): SinkOnTarget {
  const target = new MemoryTarget()
  const { write, close } = { ...sound, ...parts }
  const sink: Sink = {
    name: 'memory',
    write: (records, signal) => write(target, records, signal) as Promise<Acknowledgement[]>,
    ...(close && { close: () => close(target) }),
  }
  return {
    sink,
    contents: async () => [...target.kept.values()],
    calls: () => target.calls,
    refuse: (ids) => {
      target.refused = ids
    },
    hang: (hangs) => target.hang(hangs),
  }
}
