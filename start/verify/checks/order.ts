import type { Decision, Run } from '../../history/index.js'
import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/** Where the order of a customer's runs or effects was broken. */
export interface OrderCheck {
  readonly violations: number
  readonly answer: Answer
}

/** What one customer's runs have come to. */
interface Customer {
  highest: number
  /** The last run that has to be repeated, until it is. */
  failed: Run | undefined
}

/**
 * Per customer, first runs and effects have rising `seq`, and nothing overtakes a record that waits for its retry: what ran
 * behind it in its batch, before its effects were refused, has to run again. Behind a record that is given up its lane goes on.
 */
export function order(facts: Facts): OrderCheck {
  const { complaints, customers } = orderOfRuns(facts)
  // By order, so that what ran too early and took effect too early counts once.
  for (const [orderId, complaint] of orderOfEffects(facts)) complaints.set(orderId, complaint)
  const detail = `seq rises in the first runs and in the effects of ${customers} customers; nothing overtook a retry`
  return { violations: complaints.size, answer: answerOf([...complaints.values()], detail) }
}

function orderOfRuns({ history: { runs, decisions } }: Facts) {
  const retried = retriedRuns(decisions)
  const customers = new Map<string, Customer>()
  const seen = new Set<string>()
  const inVain = new Map<string, Run>()
  const complaints = new Map<string, string>()
  for (const run of runs) {
    const { customerId, seq, orderId } = run
    const customer = customers.get(customerId) ?? { highest: 0, failed: undefined }
    customers.set(customerId, customer)
    const place = placeOf(run)
    const isFirst = !seen.has(place)
    seen.add(place)
    inVain.delete(place)
    if (isFirst && seq <= customer.highest) {
      complaints.set(orderId, `${customerId}: seq ${seq} ran first after ${customer.highest}, at ${place}`)
    }
    if (customer.failed !== undefined && run.offset > customer.failed.offset) {
      if (customer.failed.requestId === run.requestId) inVain.set(place, run)
      else complaints.set(orderId, `${customerId}: ${place} ran while ${placeOf(customer.failed)} waited for its retry`)
    }
    customer.highest = Math.max(customer.highest, seq)
    if (retried.has(runId(run))) customer.failed = run
    else if (customer.failed?.offset === run.offset) customer.failed = undefined
  }
  for (const [place, { orderId, customerId }] of inVain) {
    complaints.set(orderId, `${customerId}: ${place} ran behind one that has to run again, and did not itself`)
  }
  return { complaints, customers: customers.size }
}

/** Effects that came before their turn, or again: by order, what is wrong. */
export function orderOfEffects({
  produced,
  applied,
}: Pick<Facts, 'produced' | 'applied'>): ReadonlyMap<string, string> {
  const orders = new Map(produced.flatMap(({ fate: { order: one } }) => (one ? [[one.orderId, one]] : [])))
  const highest = new Map<string, number>()
  const complaints = new Map<string, string>()
  for (const orderId of applied.flat()) {
    const { customerId, seq } = orders.get(orderId) ?? { customerId: '', seq: 0 }
    const before = highest.get(customerId) ?? 0
    if (seq <= before) complaints.set(orderId, `${customerId}: seq ${seq} took effect after ${before}, as ${orderId}`)
    highest.set(customerId, Math.max(before, seq))
  }
  return complaints
}

/** The runs that have to be repeated. */
export const retriedRuns = (decisions: readonly Decision[]): ReadonlySet<string> =>
  new Set(decisions.filter(({ decision }) => decision === 'retry').map(runId))

/** One run of one record, as a decision names it. */
export const runId = (one: Pick<Run, 'requestId' | 'partition' | 'offset'>): string =>
  `${one.requestId} ${placeOf(one)}`
