import { type Code, code } from '../wire/codes.js'
import type { BatchHead } from './batch.js'

/** As many batches as an idempotent producer may have in flight; a repeat of an older one cannot be told any more. */
const remembered = 5
/** Beyond this many producers the one that wrote least recently is forgotten. */
const maxProducers = 1000
const sequences = 2 ** 31

interface Written {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
}

interface ProducerState {
  readonly epoch: number
  readonly written: readonly Written[]
}

/** What one partition remembers of idempotent producers, to write each of their batches once. */
export class Producers {
  readonly #states = new Map<bigint, ProducerState>()

  /** `undefined`: append it; a number object: it was written before, at that offset; a code: it is refused. */
  check(batch: BatchHead): { duplicateOf: number } | { refused: Code } | undefined {
    if (batch.producerId < 0n) return undefined
    const state = this.#states.get(batch.producerId)
    if (state === undefined) return undefined
    if (batch.producerEpoch < state.epoch) return { refused: code.invalidProducerEpoch }
    if (batch.producerEpoch > state.epoch) {
      return batch.baseSequence === 0 ? undefined : { refused: code.outOfOrderSequence }
    }
    const last = lastSequence(batch)
    const same = state.written.find((one) => one.firstSequence === batch.baseSequence && one.lastSequence === last)
    if (same !== undefined) return { duplicateOf: same.baseOffset }
    const newest = state.written.at(-1)
    if (newest === undefined || batch.baseSequence === (newest.lastSequence + 1) % sequences) return undefined
    return { refused: code.outOfOrderSequence }
  }

  wrote(batch: BatchHead, baseOffset: number): void {
    if (batch.producerId < 0n) return
    const state = this.#states.get(batch.producerId)
    const before = state?.epoch === batch.producerEpoch ? state.written : []
    const one = { firstSequence: batch.baseSequence, lastSequence: lastSequence(batch), baseOffset }
    this.#states.delete(batch.producerId) // the map's order is the order of last use
    this.#states.set(batch.producerId, { epoch: batch.producerEpoch, written: [...before, one].slice(-remembered) })
    if (this.#states.size > maxProducers) {
      const oldest = this.#states.keys().next()
      if (!oldest.done) this.#states.delete(oldest.value)
    }
  }
}

function lastSequence(batch: BatchHead): number {
  return (batch.baseSequence + batch.count - 1) % sequences
}
