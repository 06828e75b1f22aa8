import { type Answer, answerOf, type Facts } from '../facts.js'

/** Every customer's balance is what their good orders are worth, to the cent; and nobody else has one. */
export function balances({ produced, balances: table }: Pick<Facts, 'produced' | 'balances'>): Answer {
  const expected = new Map<string, number>()
  for (const { fate } of produced) {
    if (fate.outcome !== 'ok') continue
    const { customerId, cents } = fate.order
    expected.set(customerId, (expected.get(customerId) ?? 0) + cents)
  }
  const complaints = [...new Set([...expected.keys(), ...table.keys()])].flatMap((customerId) => {
    const [found, due] = [table.get(customerId) ?? 0, expected.get(customerId) ?? 0]
    return found === due ? [] : [`${customerId} has ${found} cents, not ${due}`]
  })
  const sum = [...expected.values()].reduce((total, cents) => total + cents, 0)
  return answerOf(complaints, `${expected.size} customers with ${sum} cents between them, each exact`)
}
