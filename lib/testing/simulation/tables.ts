import { MillraceError } from '../../errors.js'
import { encodeState } from '../../ledger/format/index.js'
import { type AtomicWrite, decodeState, type ItemKey, type LedgerItem } from '../../ledger/index.js'
import type { Swap, SwapResult, Transaction, TransactResult } from '../../ledger/store/index.js'

/** Called for every write that is applied, with the item before and after it. */
export type OnWrite = (key: ItemKey, before: LedgerItem | undefined, after: LedgerItem) => void

/** DynamoDB takes a client token for this long, in milliseconds. */
const tokenMs = 600_000
const itemsPerTransaction = 100

/**
 * A model of DynamoDB as far as the ledger uses it: conditional writes, each atomic on its own; transactions, atomic as a
 * whole; consistent reads. States are kept in the format of the real item. Held against the real store by the same cases.
 */
export class Tables {
  /** Counters of handlers' own writes, by table and key. */
  readonly counters = new Map<string, number>()
  readonly #items = new Map<string, LedgerItem>()
  readonly #tokens = new Map<string, number>()
  readonly #now: () => number
  readonly #onWrite: OnWrite

  constructor(now: () => number, onWrite: OnWrite = () => {}) {
    this.#now = now
    this.#onWrite = onWrite
  }

  load({ pk, sk }: ItemKey): LedgerItem | undefined {
    return this.#items.get(`${pk} ${sk}`)
  }

  swap(swap: Swap): Exclude<SwapResult, { kind: 'lost' }> {
    const item = this.load(swap.key)
    if (!meets(item, swap)) return { kind: 'conflict', item }
    this.#write(swap)
    return { kind: 'applied' }
  }

  transact({ swaps, writes, token }: Transaction): Exclude<TransactResult, { kind: 'lost' }> {
    if ((this.#tokens.get(token) ?? 0) > this.#now()) return { kind: 'applied' }
    const names = [...swaps.map(({ key: { pk, sk } }) => `${pk} ${sk}`), ...writes.map(nameOf)]
    if (new Set(names).size < names.length) return invalid('a transaction may not touch an item twice')
    if (names.length > itemsPerTransaction) return invalid(`a transaction takes ${itemsPerTransaction} items`)
    if (swaps.some((swap) => !meets(this.load(swap.key), swap))) return { kind: 'conflict' }
    const failures = writes.flatMap((write, index) => (this.#isMet(write) ? [] : [{ index, cause: refused }]))
    if (failures.length > 0) return { kind: 'refused', failures }
    for (const write of writes) {
      if (write.Update !== undefined) this.counters.set(nameOf(write), (this.counters.get(nameOf(write)) ?? 0) + 1)
    }
    for (const swap of swaps) this.#write(swap)
    this.#tokens.set(token, this.#now() + tokenMs)
    return { kind: 'applied' }
  }

  /** What is kept is what the item's bytes say. */
  #write({ key, item }: Swap): void {
    const before = this.load(key)
    const after = { ...item, state: decodeState(encodeState(item.state)) }
    this.#items.set(`${key.pk} ${key.sk}`, after)
    this.#onWrite(key, before, after)
  }

  /** The one condition of handlers' own writes that is modelled: the item is there. */
  #isMet(write: AtomicWrite): boolean {
    return write.ConditionCheck === undefined || this.counters.has(nameOf(write))
  }
}

const meets = (item: LedgerItem | undefined, { known }: Swap): boolean => (item?.version ?? 0) === known

/** What tells the item of a handler's own write. */
export function nameOf({ Update, ConditionCheck }: AtomicWrite): string {
  const { TableName, Key } = Update ?? ConditionCheck ?? {}
  return `${TableName} ${Key?.id?.S}`
}

const refused = new MillraceError('ML_EFFECT_REFUSED', 'the condition of a write was not met')
const invalid = (why: string): TransactResult & { kind: 'invalid' } => ({
  kind: 'invalid',
  cause: new MillraceError('ML_STORE_FAILED', why),
})
