import { emptyState } from '../state.js'
import {
  type AtomicWrite,
  type ItemKey,
  itemKey,
  type LedgerItem,
  type LedgerStore,
  type Swap,
  type SwapResult,
} from './index.js'

/** A store under test, with tables of its own: `effects` (key `id`) beside the ledger's. */
export interface Subject {
  readonly store: LedgerStore
  /** The table `effects` as the store knows it. */
  readonly effects: string
  /** The number `n` of an item of `effects`; undefined where there is none. */
  effect(id: string): Promise<number | undefined>
}

/** One thing that a store does: acts on it, and answers what was seen beside what has to be. */
export interface Case {
  readonly name: string
  /** @param scope text that no other case uses in its keys */
  run(subject: Subject, scope: string): Promise<{ readonly seen: unknown; readonly expected: unknown }>
}

const itemOf = (version: number, delivered = version): LedgerItem => ({
  version,
  writeId: `w${version}`,
  state: { ...emptyState, delivered },
})
const swapOf = (key: ItemKey, known: number, item = itemOf(known + 1)): Swap => ({ key, known, item })
const keyOf = (scope: string, partition = 0) => itemKey(scope, 't', partition)
const kindsOf = (results: readonly { readonly kind: string }[]) => results.map(({ kind }) => kind)

/** The item of a conflict is the one that is there, or none: a store need not return it. */
const told = ([result]: readonly SwapResult[], version: number): boolean =>
  result?.kind === 'conflict' && [undefined, version].includes(result.item?.version)

const add = (table: string, id: string): AtomicWrite => ({
  Update: {
    TableName: table,
    Key: { id: { S: id } },
    UpdateExpression: 'ADD n :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  },
})
const exists = (table: string, id: string): AtomicWrite => ({
  ConditionCheck: { TableName: table, Key: { id: { S: id } }, ConditionExpression: 'attribute_exists(id)' },
})

const swapCases: readonly Case[] = [
  {
    name: 'an item that is not there is loaded as undefined, in the order of the keys',
    async run({ store }, scope) {
      await store.swap([swapOf(keyOf(scope, 1), 0)])
      const items = await store.load([keyOf(scope, 0), keyOf(scope, 1)])
      return { seen: items, expected: [undefined, itemOf(1)] }
    },
  },
  {
    name: 'a swap is applied to the version that it knows, and conflicts with any other; the item comes with it, or does not',
    async run({ store }, scope) {
      const key = keyOf(scope)
      const first = await store.swap([swapOf(key, 0)])
      const again = await store.swap([swapOf(key, 0)])
      const second = await store.swap([swapOf(key, 1)])
      const ahead = await store.swap([swapOf(key, 7)])
      return {
        seen: [kindsOf([...first, ...again, ...second, ...ahead]), told(again, 1), told(ahead, 2)],
        expected: [['applied', 'conflict', 'applied', 'conflict'], true, true],
      }
    },
  },
  {
    name: 'a swap of a known version conflicts where there is no item',
    async run({ store }, scope) {
      const results = await store.swap([swapOf(keyOf(scope), 3)])
      return { seen: results, expected: [{ kind: 'conflict', item: undefined }] }
    },
  },
  {
    name: 'swaps of one call stand and fall each on its own',
    async run({ store }, scope) {
      await store.swap([swapOf(keyOf(scope, 1), 0)])
      const results = await store.swap([0, 1, 2].map((partition) => swapOf(keyOf(scope, partition), 0)))
      return { seen: kindsOf(results), expected: ['applied', 'conflict', 'applied'] }
    },
  },
]

const transactionCases: readonly Case[] = [
  {
    name: 'a transaction makes its swaps and writes together',
    async run({ store, effects, effect }, scope) {
      const swaps = [swapOf(keyOf(scope, 0), 0), swapOf(keyOf(scope, 1), 0)]
      const result = await store.transact({ swaps, writes: [add(effects, scope)], token: `${scope}-1` })
      const items = await store.load(swaps.map(({ key }) => key))
      return { seen: [result, items, await effect(scope)], expected: [{ kind: 'applied' }, [itemOf(1), itemOf(1)], 1] }
    },
  },
  {
    name: 'a transaction whose swap conflicts changes nothing',
    async run({ store, effects, effect }, scope) {
      await store.swap([swapOf(keyOf(scope, 1), 0)])
      const swaps = [swapOf(keyOf(scope, 0), 0), swapOf(keyOf(scope, 1), 0)]
      const { kind } = await store.transact({ swaps, writes: [add(effects, scope)], token: `${scope}-1` })
      const [item] = await store.load([keyOf(scope, 0)])
      return { seen: [kind, item, await effect(scope)], expected: ['conflict', undefined, undefined] }
    },
  },
  {
    name: 'a transaction whose write is refused changes nothing, and says which',
    async run({ store, effects, effect }, scope) {
      const writes = [add(effects, scope), exists(effects, `${scope}-absent`)]
      const result = await store.transact({ swaps: [swapOf(keyOf(scope), 0)], writes, token: `${scope}-1` })
      const indexes = result.kind === 'refused' ? result.failures.map(({ index }) => index) : []
      return { seen: [result.kind, indexes, await effect(scope)], expected: ['refused', [1], undefined] }
    },
  },
  {
    name: 'a transaction repeated with its token has counted once',
    async run({ store, effects, effect }, scope) {
      const transaction = { swaps: [swapOf(keyOf(scope), 0)], writes: [add(effects, scope)], token: `${scope}-1` }
      const results = [await store.transact(transaction), await store.transact(transaction)]
      return { seen: [kindsOf(results), await effect(scope)], expected: [['applied', 'applied'], 1] }
    },
  },
  {
    name: 'a transaction that would touch an item twice is invalid, and changes nothing',
    async run({ store, effects, effect }, scope) {
      const writes = [add(effects, scope), add(effects, scope)]
      const { kind } = await store.transact({ swaps: [swapOf(keyOf(scope), 0)], writes, token: `${scope}-1` })
      const [item] = await store.load([keyOf(scope)])
      return { seen: [kind, item, await effect(scope)], expected: ['invalid', undefined, undefined] }
    },
  },
]

/** What every store of the ledger does, the simulation's model included: so the proof is about the real thing. */
export const conformance: readonly Case[] = [...swapCases, ...transactionCases]
