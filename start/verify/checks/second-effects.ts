import { type Answer, answerOf, type Facts } from '../facts.js'

/** Effects beyond the first. */
export interface SecondEffects {
  readonly found: number
  readonly answer: Answer
}

/** No order takes effect twice, the kill notwithstanding: effects are one transaction with the settle of their records. */
export function secondEffects({ effects }: Pick<Facts, 'effects'>): SecondEffects {
  const twice = [...effects].filter(([, { effects: count }]) => count > 1)
  const found = twice.reduce((sum, [, { effects: count }]) => sum + count - 1, 0)
  const complaints = twice.map(([orderId, { effects: count }]) => `${orderId} took effect ${count} times`)
  return { found, answer: answerOf(complaints, 'none: what died with the process left nothing behind') }
}
