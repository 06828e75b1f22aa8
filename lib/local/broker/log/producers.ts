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

/** What one partition remembers of idempotent producers, to write each of their batches once and none of a fenced one. */
export class Producers {
  readonly #states = new Map<bigint, ProducerState>()

  /** `undefined`: append it; a number object: it was written before, at that offset; a code: it is refused. */
  check(batch: BatchHead): { duplicateOf: number } | { refused: Code } | undefined {
    if (batch.producerId < 0n) return undefined
    const state = this.#states.get(batch.producerId)
    if (state === undefined) return undefined // forgotten, or new: any sequence is taken, as in Kafka
    if (batch.producerEpoch < state.epoch) return { refused: code.invalidProducerEpoch }
    const written = batch.producerEpoch === state.epoch ? state.written : []
    const last = lastSequence(batch)
    const same = written.find((one) => one.firstSequence === batch.baseSequence && one.lastSequence === last)
    if (same !== undefined) return { duplicateOf: same.baseOffset }
    const expected = ((written.at(-1)?.lastSequence ?? -1) + 1) % sequences
    return batch.baseSequence === expected ? undefined : { refused: code.outOfOrderSequence }
  }

  wrote(batch: BatchHead, baseOffset: number): void {
    const one = { firstSequence: batch.baseSequence, lastSequence: lastSequence(batch), baseOffset }
    this.#set(batch.producerId, batch.producerEpoch, one)
  }

  /** A marker ends a transaction; one of a newer epoch also fences the producer that began it. */
  marked(producerId: bigint, epoch: number): void {
    this.#set(producerId, epoch)
  }

  #set(producerId: bigint, epoch: number, ...added: readonly Written[]): void {
    const state = this.#states.get(producerId)
    const before = state?.epoch === epoch ? state.written : []
    this.#states.delete(producerId) // the map's order is the order of last use
    this.#states.set(producerId, { epoch, written: [...before, ...added].slice(-remembered) })
    if (this.#states.size <= maxProducers) return
    const oldest = this.#states.keys().next()
    if (!oldest.done) this.#states.delete(oldest.value)
  }
}

function lastSequence(batch: BatchHead): number {
  return (batch.baseSequence + batch.count - 1) % sequences
}
