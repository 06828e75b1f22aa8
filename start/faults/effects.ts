import type { Exchange, StoreRequest } from '../../lib/testing/faults/index.js'
import { ledgerWrites } from './ledger-writes.js'

/** The tables that a transaction of the orders function writes. */
export interface EffectTables {
  readonly ledger: string
  readonly orders: string
  readonly balances: string
}

/** A transaction that was applied: effects of orders with the settle of their records. */
export interface AppliedTransaction {
  /** In the order in which it names them. */
  readonly orderIds: readonly string[]
  /** The source partition goes on: more of its records are to be committed after these. */
  readonly goesOn: boolean
}

/** The order that a part of a transaction is the effect of, if it is one. */
export function orderIdOf(part: NonNullable<StoreRequest['body']['TransactItems']>[number], orders: string) {
  return part.Update?.TableName === orders ? part.Update.Key?.orderId?.S : undefined
}

/** The orders whose effects a request asks for. */
export const ordersIn = ({ body }: StoreRequest, orders: string): readonly string[] =>
  (body.TransactItems ?? []).flatMap((part) => orderIdOf(part, orders) ?? [])

/** The customers whose balances a request changes. */
export const customersIn = ({ body }: StoreRequest, balances: string): readonly string[] =>
  (body.TransactItems ?? []).flatMap(({ Update }) =>
    Update?.TableName === balances ? (Update.Key?.customerId?.S ?? []) : [],
  )

/**
 * Reads what passes the proxy: transactions of effects, as they are applied. An answer to a repeated request, whose first
 * answer came too late for the function, is of the same transaction, and nothing is applied again.
 */
export function appliedTransactions(tables: EffectTables): (exchange: Exchange) => AppliedTransaction | undefined {
  const tokens = new Set<string>()
  return ({ request, status }) => {
    if (request.operation !== 'TransactWriteItems' || status !== 200) return undefined
    const { ClientRequestToken: token } = request.body
    if (token !== undefined && tokens.has(token)) return undefined
    if (token !== undefined) tokens.add(token)
    const goesOn = ledgerWrites(request, tables.ledger).some(({ kind }) => kind === 'claim')
    return { orderIds: ordersIn(request, tables.orders), goesOn }
  }
}
