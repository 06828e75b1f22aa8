import type { StoreAnswer, StoreRequest, StoreRule } from '../../lib/testing/faults/index.js'
import type { Produced } from '../orders/index.js'
import { type LedgerWrite, ledgerWrites, partitionOf } from './ledger-writes.js'

/** A rule of the main job: undefined where the request is not its business. */
type Fault = (request: StoreRequest) => StoreAnswer | undefined

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

/** A downstream that refuses the effects of some orders: twice, or always. The SDK does not try again what is refused so. */
export function failingDownstream(table: string, fates: Iterable<Pick<Produced, 'fate'>>): Fault {
  const failuresLeft = new Map<string, number>()
  for (const { fate } of fates) {
    if (fate.outcome === 'ok' && fate.downstream === 'fails-twice') failuresLeft.set(fate.order.orderId, 2)
    if (fate.outcome === 'fallback' && fate.order) failuresLeft.set(fate.order.orderId, alwaysFails)
  }
  return ({ operation, body }) => {
    if (operation !== 'UpdateItem' || body.TableName !== table) return undefined
    const orderId = body.Key?.orderId?.S ?? ''
    const left = failuresLeft.get(orderId) ?? 0
    if (left === 0) return undefined
    failuresLeft.set(orderId, left - 1)
    const message = `the downstream does not take ${orderId} (a fault of the main job's making)`
    return { status: 400, body: { __type: 'com.amazon.coral.validate#ValidationException', message } }
  }
}

/** A break of the ledger, and which records it concerns. */
export interface LedgerBreak {
  readonly fault: Fault
  /** By partition, the range of offsets whose settle was lost; empty before it happened. */
  readonly lost: ReadonlyMap<number, { readonly from: number; readonly to: number }>
}

/** The settles before the one that is lost, so that the run has started. */
const settlesBefore = 3

/** Answers one settle as if it were written. One that leaves nothing open, so that all it says is what was settled. */
export function losesOneSettle(table: string): LedgerBreak {
  const lost = new Map<number, { from: number; to: number }>()
  const inFlight = new Map<string, { from: number; to: number }>()
  let settles = 0
  const fault: Fault = (request) => {
    const writes = ledgerWrites(request, table)
    for (const { pk, state } of writes) if (state.claim !== null) inFlight.set(pk, state.claim.inFlight)
    const settling = writes.filter(({ kind }) => kind === 'settle')
    if (settling.length === 0 || lost.size > 0 || ++settles <= settlesBefore || !settling.every(isClean))
      return undefined
    for (const { pk } of settling) lost.set(partitionOf(pk), inFlight.get(pk) ?? { from: 0, to: -1 })
    return asWritten(request)
  }
  return { fault, lost }
}

const isClean = ({ state }: LedgerWrite): boolean => state.open.length === 0 && state.pending.length === 0

/** What the store says to a write that it has applied. */
function asWritten({ operation, body, tables }: StoreRequest): StoreAnswer {
  if (operation !== 'BatchExecuteStatement') return { status: 200, body: {} }
  const statements = body.Statements ?? []
  return {
    status: 200,
    body: {
      Responses: statements.map(() => ({ TableName: tables[0] })),
      ConsumedCapacity: [{ TableName: tables[0], CapacityUnits: statements.length }],
    },
  }
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
