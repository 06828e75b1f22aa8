import { type Exchange, type Usage, usageMeter, writeUnits } from '../../lib/testing/faults/index.js'
import { ledgerWrites } from './ledger-writes.js'

/** What the ledger writes of one invocation have cost. */
export interface InvocationCost {
  /** The nonce of the invocation. */
  readonly owner: string
  /** Source partitions, by the writes that asked for them. */
  readonly partitions: number
  readonly claims: number
  readonly settles: number
  /** Calls that carried these writes. */
  readonly calls: number
  readonly writeUnits: number
  /** Some write was refused by its condition. */
  readonly contended: boolean
}

/** The cost of a run, measured between the function and its store. */
export interface Costs {
  readonly usages: readonly Usage[]
  /** The store takes many writes in one call; one without PartiQL (dynalite) takes each in a call of its own. */
  readonly batched: boolean
  readonly invocations: readonly InvocationCost[]
}

type Counting = { -readonly [K in keyof InvocationCost]: InvocationCost[K] }

/** Counts what passes the proxy. */
export function costMeter(ledgerTable: string): { count(exchange: Exchange): void; readonly costs: Costs } {
  const meter = usageMeter()
  const invocations = new Map<string, Counting>()
  const partitions = new Map<string, Set<string>>()

  let batched = false

  function countWrites(exchange: Exchange): void {
    const writes = ledgerWrites(exchange.request, ledgerTable)
    const owner = writes[0]?.owner
    if (owner === undefined) return
    const cost = invocations.get(owner) ?? noCost(owner)
    const seen = partitions.get(owner) ?? new Set<string>()
    invocations.set(owner, cost)
    partitions.set(owner, seen)
    for (const { pk, kind } of writes) {
      seen.add(pk)
      cost[kind === 'claim' ? 'claims' : 'settles']++
    }
    cost.partitions = seen.size
    cost.calls++
    batched ||= exchange.request.operation === 'BatchExecuteStatement' && exchange.status === 200
    cost.writeUnits += writeUnits(exchange)
    if (isRefused(exchange)) cost.contended = true
  }

  return {
    count(exchange) {
      meter.count(exchange)
      countWrites(exchange)
    },
    get costs() {
      return { usages: meter.usages, batched, invocations: [...invocations.values()] }
    },
  }
}

const noCost = (owner: string): Counting => ({
  owner,
  partitions: 0,
  claims: 0,
  settles: 0,
  calls: 0,
  writeUnits: 0,
  contended: false,
})

function isRefused({ status, answer }: Exchange): boolean {
  const { Responses = [] } = answer as { Responses?: readonly { Error?: unknown }[] }
  return status !== 200 || Responses.some(({ Error: error }) => error !== undefined)
}
