import { type Exchange, type Usage, usageMeter, writeUnits } from '../../lib/testing/faults/index.js'
import { customersIn, type EffectTables } from './effects.js'
import { type LedgerWrite, ledgerWrites } from './ledger-writes.js'

/** What the ledger writes of one invocation have cost. */
export interface InvocationCost {
  /** The nonce of the invocation. */
  readonly owner: string
  /** Source partitions, by the writes that asked for them. */
  readonly partitions: number
  /** Writes that take a source partition. */
  readonly claims: number
  /** Writes in between, outside of transactions: they renew a lease, or set a marker. */
  readonly checkpoints: number
  /** Writes that give a source partition back, in a transaction or not. */
  readonly settles: number
  /** Of these, how many were part of a transaction. */
  readonly settlesInTransactions: number
  /** Calls that carried no effects. */
  readonly calls: number
  /** Transactions of effects that were applied. */
  readonly transactions: number
  /** As many of them as the limits of a transaction can make necessary. */
  readonly mostTransactions: number
  /** What the store says that these writes have cost in the ledger's table. */
  readonly writeUnits: number
  /** The condition of some write to the ledger failed, or the store did not make it. */
  readonly contended: boolean
}

/** The cost of a run, measured between the function and its store. */
export interface Costs {
  readonly usages: readonly Usage[]
  /** The store takes many writes in one call; one without PartiQL takes each in a call of its own. */
  readonly batched: boolean
  readonly invocations: readonly InvocationCost[]
}

type Counting = { -readonly [K in Exclude<keyof InvocationCost, 'owner' | 'mostTransactions'>]: InvocationCost[K] } & {
  /** By source partition: how often each customer's balance was changed. */
  readonly customers: Map<string, Map<string, number>>
}

/** Records whose effects fit into one transaction: 100 writes less the ledger's own, two for each. */
const perTransaction = 49

/** Counts what passes the proxy. */
export function costMeter(tables: EffectTables): { count(exchange: Exchange): void; readonly costs: Costs } {
  const meter = usageMeter()
  const invocations = new Map<string, Counting>()
  let batched = false

  function countWrites(exchange: Exchange): void {
    const { request, status } = exchange
    const writes = ledgerWrites(request, tables.ledger)
    const owner = writes[0]?.owner
    if (owner === undefined) return
    const cost = invocations.get(owner) ?? noCost()
    invocations.set(owner, cost)
    const isTransaction = request.operation === 'TransactWriteItems'
    if (isRefused(exchange)) cost.contended = true
    else if (isTransaction && status !== 200) return
    for (const write of writes) countWrite(cost, write, isTransaction)
    batched ||= request.operation === 'BatchExecuteStatement' && status === 200
    const units = unitsIn(exchange, tables.ledger)
    cost.writeUnits += units
    if (units === 0) cost.contended = true
    if (!isTransaction) cost.calls++
    else if (status === 200) {
      cost.transactions++
      for (const { pk } of writes) countCustomers(cost, pk, customersIn(request, tables.balances))
    }
  }

  return {
    count(exchange) {
      meter.count(exchange)
      countWrites(exchange)
    },
    get costs() {
      const all = [...invocations].map(([owner, { customers, ...counted }]) => {
        const most = [...customers.values()].reduce((sum, one) => sum + mostTransactions(one), 0)
        return { owner, ...counted, mostTransactions: most }
      })
      return { usages: meter.usages, batched, invocations: all }
    },
  }
}

const noCost = (): Counting => ({
  partitions: 0,
  claims: 0,
  checkpoints: 0,
  settles: 0,
  settlesInTransactions: 0,
  calls: 0,
  transactions: 0,
  writeUnits: 0,
  contended: false,
  customers: new Map(),
})

function countWrite(cost: Counting, { pk, kind }: LedgerWrite, isTransaction: boolean): void {
  if (!cost.customers.has(pk)) {
    cost.customers.set(pk, new Map())
    cost.partitions++
    cost.claims++
  } else if (kind === 'settle') {
    cost.settles++
    if (isTransaction) cost.settlesInTransactions++
  } else if (!isTransaction) cost.checkpoints++
}

function countCustomers({ customers }: Counting, pk: string, changed: readonly string[]): void {
  const counts = customers.get(pk)
  for (const customer of changed) counts?.set(customer, (counts.get(customer) ?? 0) + 1)
}

/** Each transaction is full, or takes an order of every customer who has one left: no balance can be written twice in one. */
function mostTransactions(customers: ReadonlyMap<string, number>): number {
  const counts = [...customers.values()]
  return Math.floor(counts.reduce((sum, count) => sum + count, 0) / perTransaction) + Math.max(0, ...counts)
}

/** The condition of a write to the ledger failed; a transaction names the ledger's write first. */
function isRefused({ request, status, answer }: Exchange): boolean {
  const { Responses = [], CancellationReasons } = answer as Answer
  if (request.operation === 'TransactWriteItems') return CancellationReasons?.[0]?.Code === 'ConditionalCheckFailed'
  return status !== 200 || Responses.some(({ Error: error }) => error !== undefined)
}

interface Answer {
  readonly Responses?: readonly { readonly Error?: unknown }[]
  readonly CancellationReasons?: readonly { readonly Code?: string }[]
  readonly ConsumedCapacity?: readonly { readonly TableName?: string; readonly CapacityUnits?: number }[]
}

function unitsIn(exchange: Exchange, table: string): number {
  const { ConsumedCapacity } = exchange.answer as Answer
  if (exchange.request.operation !== 'TransactWriteItems') return writeUnits(exchange)
  return (ConsumedCapacity ?? []).reduce(
    (sum, { TableName, CapacityUnits = 0 }) => sum + (TableName === table ? CapacityUnits : 0),
    0,
  )
}
