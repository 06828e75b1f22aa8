import { nameOf, Tables } from '../testing/simulation/tables.js'
import type { AtomicWrite, LedgerStore, SwapResult, Transaction } from './store/index.js'

/** A store in memory, whose handlers' writes count how often they were applied. */
export interface ModelStore extends LedgerStore {
  count(write: AtomicWrite): number
}

/**
 * A ledger's store on the simulation's model of DynamoDB, which the store's conformance cases hold against the real one.
 * It counts a read unit for every item it loads, and a call for every call.
 */
export function modelStore(now: () => number = () => 0): ModelStore {
  const tables = new Tables(now)
  const usage = { calls: 0, readUnits: 0, writeUnits: 0, conflicts: 0 }
  return {
    usage,
    count: (write) => tables.counters.get(nameOf(write)) ?? 0,
    async load(keys) {
      usage.calls++
      usage.readUnits += keys.length
      return keys.map((key) => tables.load(key))
    },
    async swap(swaps) {
      usage.calls++
      usage.writeUnits += swaps.length
      return swaps.map((swap) => tables.swap(swap))
    },
    async transact(transaction) {
      usage.calls++
      return tables.transact(transaction)
    },
  }
}

/** What befalls a write on its way: its request or its answer is lost, another has the items of a transaction just then, or it is refused for good. */
export type Fault = 'lost before' | 'lost after' | 'contended' | 'conflict' | 'denied' | undefined

/** Call by call, what befalls swaps and transactions; nothing when the list is at its end. */
export interface Faults {
  readonly swaps?: readonly Fault[]
  readonly transactions?: readonly Fault[]
  /** Takes down every transaction that is sent. */
  readonly sent?: Transaction[]
  /** Whether a conflict comes with the item that is there. Default true. */
  readonly telling?: boolean
}

const lost = { kind: 'lost', cause: new Error('no answer') } as const

/** A store some of whose answers are lost. */
export function faulty(
  store: LedgerStore,
  { swaps = [], transactions = [], sent = [], telling = true }: Faults,
): LedgerStore {
  const due = { swaps: [...swaps], transactions: [...transactions] }
  const tell = (result: SwapResult): SwapResult =>
    result.kind === 'conflict' && !telling ? { kind: 'conflict', item: undefined } : result
  return {
    ...store,
    async swap(list) {
      const fault = due.swaps.shift()
      if (fault === 'lost before') return list.map(() => lost)
      const results = await store.swap(list)
      return fault === 'lost after' ? list.map(() => lost) : results.map(tell)
    },
    async transact(transaction) {
      sent.push(transaction)
      const fault = due.transactions.shift()
      if (fault === 'contended' || fault === 'denied') return { kind: fault, cause: lost.cause }
      if (fault === 'conflict') return { kind: 'conflict' }
      if (fault === 'lost before') return lost
      const result = await store.transact(transaction)
      return fault === 'lost after' ? lost : result
    },
  }
}

/** A write of a handler's own, told from others by its name. */
export const add = (name: string): AtomicWrite => ({
  Update: {
    TableName: 'counts',
    Key: { id: { S: name } },
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': { N: '1' } },
  },
})

/** One that is refused where nothing was added under its name. */
export const exists = (name: string): AtomicWrite => ({
  ConditionCheck: { TableName: 'counts', Key: { id: { S: name } }, ConditionExpression: 'attribute_exists(id)' },
})
