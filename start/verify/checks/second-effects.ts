import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/** Effects beyond the first, and of them those that the kill explains. */
export interface SecondEffects {
  readonly found: number
  /** One for each good order of the killed batch that was not settled. */
  readonly allowed: number
  readonly answer: Answer
}

/** No second effect, but for records that were in flight and unsettled when the process was killed: one each, at most. */
export function secondEffects({ produced, effects, kill }: Facts): SecondEffects {
  const complaints: string[] = []
  let found = 0
  let allowed = 0
  for (const record of produced) {
    if (record.fate.outcome !== 'ok') continue
    const excused = kill?.unsettled.has(placeOf(record)) ? 1 : 0
    allowed += excused
    const { orderId } = record.fate.order
    const beyond = Math.max(0, (effects.get(orderId)?.effects ?? 0) - 1)
    found += beyond
    if (beyond > excused) complaints.push(`${orderId} at ${placeOf(record)} took effect ${beyond + 1} times`)
  }
  const detail = `${found} of at most ${allowed}, all of records that the killed process had not settled`
  return { found, allowed, answer: answerOf(complaints, detail) }
}
