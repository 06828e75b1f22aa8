import { type Order, type Produced, placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/**
 * Of what was given up on, what a mended function takes has its effect, once, to the cent; what it does not take came back, and
 * was thrown away; no envelope is left.
 */
export function mended({ produced, mending }: Pick<Facts, 'produced' | 'mending'>): Answer {
  const { redriven, discarded, left, effects, cents } = mending
  const found = new Set(mending.found)
  const orders = produced.flatMap((record) => (found.has(placeOf(record)) ? (mendable(record) ?? []) : []))
  const due = new Map<string, number>()
  for (const order of orders) due.set(order.customerId, (due.get(order.customerId) ?? 0) + order.cents)
  const refused = found.size - orders.length
  const complaints = [
    ...orders.flatMap(({ orderId }) =>
      effects.get(orderId) === 1 ? [] : [`${orderId} was redriven and took effect ${effects.get(orderId) ?? 0} times`],
    ),
    ...(effects.size > orders.length ? ['orders took effect that nobody redrove'] : []),
    ...[...new Set([...due.keys(), ...cents.keys()])].flatMap((customerId) =>
      due.get(customerId) === cents.get(customerId)
        ? []
        : [`${customerId} got ${cents.get(customerId) ?? 0} cents, not ${due.get(customerId) ?? 0}`],
    ),
    ...(discarded === refused ? [] : [`${discarded} envelopes were thrown away, not ${refused}`]),
    ...(left === 0 ? [] : [`${left} envelopes are left`]),
  ]
  const detail = `${redriven} of ${found.size} envelopes redriven, ${orders.length} took effect once, to the cent; ${discarded} discarded, none left`
  return answerOf(complaints, detail)
}

/** The order that a mended function reads of what was given up on. */
function mendable({ fate }: Produced): Order | undefined {
  return fate.outcome === 'fallback' ? (fate.mended ?? fate.order) : undefined
}
