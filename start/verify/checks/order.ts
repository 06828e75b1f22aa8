import type { Run } from '../../history/index.js'
import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/** Where the order of a customer's runs was broken. */
export interface OrderCheck {
  readonly violations: number
  readonly answer: Answer
}

/** What one customer's runs have come to. */
interface Customer {
  highest: number
  /** Offset of the record whose last run failed; it must run before what follows it. */
  waiting: number | undefined
}

/** Per customer, first runs have rising `seq`, and nothing overtakes a record that waits for its retry. */
export function order({ history: { runs, decisions } }: Facts): OrderCheck {
  const failed = new Set(decisions.filter(({ decision }) => decision === 'retry').map(runId))
  const customers = new Map<string, Customer>()
  const seen = new Set<string>()
  const complaints: string[] = []
  for (const run of runs) {
    const customer = customers.get(run.customerId) ?? { highest: 0, waiting: undefined }
    customers.set(run.customerId, customer)
    const isFirst = !seen.has(placeOf(run))
    seen.add(placeOf(run))
    if (isFirst && run.seq <= customer.highest) {
      complaints.push(`${run.customerId}: seq ${run.seq} ran first after ${customer.highest}, at ${placeOf(run)}`)
    } else if (customer.waiting !== undefined && run.offset > customer.waiting) {
      complaints.push(`${run.customerId}: ${placeOf(run)} ran while offset ${customer.waiting} waited for its retry`)
    }
    customer.highest = Math.max(customer.highest, run.seq)
    if (failed.has(runId(run))) customer.waiting = run.offset
    else if (customer.waiting === run.offset) customer.waiting = undefined
  }
  const detail = `seq rises in the first runs of ${customers.size} customers; nothing overtook a retry`
  return { violations: complaints.length, answer: answerOf(complaints, detail) }
}

/** One run of one record, as a decision names it. */
export const runId = (one: Pick<Run, 'requestId' | 'partition' | 'offset'>): string =>
  `${one.requestId} ${placeOf(one)}`
