import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/** Orders that were held. */
export interface HoldsCheck {
  readonly held: number
  readonly answer: Answer
}

/** An order with a grace is held while it lasts, and runs after it; it costs no attempt ('runs'), and nothing overtakes it ('order'). */
export function holds({ produced, history }: Pick<Facts, 'produced' | 'history'>): HoldsCheck {
  const due = new Map(
    produced.flatMap((record) => {
      const graceMs = record.fate.outcome === 'ok' ? record.fate.order.graceMs : undefined
      return graceMs === undefined ? [] : [[placeOf(record), record.timestamp + graceMs] as const]
    }),
  )
  const early = history.runs.filter((run) => run.at < (due.get(placeOf(run)) ?? 0))
  const held = new Set(history.decisions.filter(({ decision }) => decision === 'held').map(placeOf))
  const complaints = [
    ...early.map((run) => `${run.orderId} ran at ${placeOf(run)} before its grace was over`),
    ...[...held].filter((place) => !due.has(place)).map((place) => `${place} was held without a reason`),
    ...(held.size === 0 ? ['no order was held'] : []),
  ]
  return {
    held: held.size,
    answer: answerOf(
      complaints,
      `${held.size} of ${due.size} orders with a grace were held, none ran before it was over`,
    ),
  }
}
