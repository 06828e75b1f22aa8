import type { StoreAnswer, StoreRequest, StoreRewrite, StoreRule } from '../../lib/testing/faults/index.js'
import type { Produced } from '../orders/index.js'
import { orderIdOf, ordersIn } from './effects.js'
import { type LedgerWrite, ledgerWrites, partitionOf } from './ledger-writes.js'

/** A rule of the main job: undefined where the request is not its business. */
type Fault = (request: StoreRequest) => StoreAnswer | StoreRewrite | undefined

/** The first fault that has an answer gives it. */
export const firstOf =
  (faults: readonly Fault[]): StoreRule =>
  (request) => {
    for (const fault of faults) {
      const answer = fault(request)
      if (answer !== undefined) return answer
    }
    return 'pass'
  }

const alwaysFails = Number.POSITIVE_INFINITY

/** A downstream that fails, until it is mended. */
export interface Downstream {
  readonly fault: Fault
  mend(): void
}

/**
 * A downstream that refuses the effects of some orders: twice, or always. It does so as a condition of theirs would that failed:
 * nothing of their transaction is applied, and the answer tells which of its parts were at fault.
 */
export function failingDownstream(table: string, fates: Iterable<Pick<Produced, 'fate'>>): Downstream {
  const failuresLeft = new Map<string, number>()
  for (const { fate } of fates) {
    if (fate.outcome === 'ok' && fate.downstream === 'fails-twice') failuresLeft.set(fate.order.orderId, 2)
    if (fate.outcome === 'fallback' && fate.order) failuresLeft.set(fate.order.orderId, alwaysFails)
  }
  const fault: Fault = (request) => {
    const failing = ordersIn(request, table).filter((orderId) => (failuresLeft.get(orderId) ?? 0) > 0)
    if (failing.length === 0) return undefined
    for (const orderId of failing) failuresLeft.set(orderId, (failuresLeft.get(orderId) ?? 0) - 1)
    const reasons = (request.body.TransactItems ?? []).map((part) => {
      const orderId = orderIdOf(part, table)
      if (orderId === undefined || !failing.includes(orderId)) return { Code: 'None' }
      const Message = `the downstream does not take ${orderId} (a fault of the main job's making)`
      return { Code: 'ConditionalCheckFailed', Message }
    })
    return { status: 400, body: { __type: cancelled, message: 'Transaction cancelled', CancellationReasons: reasons } }
  }
  return { fault, mend: () => failuresLeft.clear() }
}

const cancelled = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException'

/** A break of the ledger, and which records it concerns. */
export interface LedgerBreak {
  readonly fault: Fault
  /** By partition, the range of offsets whose settle was lost; empty before it happened. */
  readonly lost: ReadonlyMap<number, { readonly from: number; readonly to: number }>
}

/** The settles before the one that is lost, so that the run has started. */
const settlesBefore = 3

/** Takes the settle out of one transaction. One that leaves nothing open, so that all it says is what was settled. */
export function losesOneSettle(table: string): LedgerBreak {
  const lost = new Map<number, { from: number; to: number }>()
  const inFlight = new Map<string, { from: number; to: number }>()
  let settles = 0
  const fault: Fault = (request) => {
    const writes = ledgerWrites(request, table)
    for (const { pk, state } of writes) if (state.claim !== null) inFlight.set(pk, state.claim.inFlight)
    const settle = writes.find(({ kind }) => kind === 'settle')
    if (settle === undefined || request.operation !== 'TransactWriteItems' || lost.size > 0) return undefined
    if (++settles <= settlesBefore || !isClean(settle)) return undefined
    lost.set(partitionOf(settle.pk), inFlight.get(settle.pk) ?? { from: 0, to: -1 })
    return without(request, table)
  }
  return { fault, lost }
}

const isClean = ({ state }: LedgerWrite): boolean => state.open.length === 0 && state.pending.length === 0

/** Takes the change of one balance out of one transaction. */
export function losesOneBalance(table: string): Fault {
  let done = false
  return (request) => {
    if (done || request.operation !== 'TransactWriteItems' || !request.tables.includes(table)) return undefined
    done = true
    return without(request, table)
  }
}

/** A transaction without its first write to a table. */
function without({ body }: StoreRequest, table: string): StoreRewrite {
  const parts = body.TransactItems ?? []
  const at = parts.findIndex((part) => Object.values(part).some(({ TableName }) => TableName === table))
  return { rewritten: { ...body, TransactItems: parts.filter((_, i) => i !== at) } }
}

/** Answers one write to the failures table as if it were written. */
export function losesOneFailure(table: string): Fault {
  let done = false
  return ({ operation, tables }) => {
    if (done || operation !== 'BatchWriteItem' || !tables.includes(table)) return undefined
    done = true
    return { status: 200, body: { UnprocessedItems: {} } }
  }
}
