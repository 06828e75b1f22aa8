import { type Answer, answerOf, type Facts } from '../facts.js'

/** No good order without its effect, none beside them, and cents exact, whatever the number of effects. */
export function effects({ produced, effects: table }: Pick<Facts, 'produced' | 'effects'>): Answer {
  const complaints: string[] = []
  let cents = 0
  const good = new Set<string>()
  for (const { fate } of produced) {
    if (fate.outcome !== 'ok') continue
    const { orderId } = fate.order
    good.add(orderId)
    cents += fate.order.cents
    const effect = table.get(orderId)
    if (effect === undefined || effect.effects < 1) complaints.push(`${orderId} has no effect`)
    else if (effect.cents !== fate.order.cents * effect.effects) {
      complaints.push(`${orderId} has ${effect.cents} cents for ${effect.effects} × ${fate.order.cents}`)
    }
  }
  for (const orderId of table.keys()) if (!good.has(orderId)) complaints.push(`${orderId} must not have an effect`)
  return answerOf(complaints, `${good.size} good orders, each with its effect; ${cents} cents, exact`)
}
