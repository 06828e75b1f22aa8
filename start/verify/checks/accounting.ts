import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'
import { untold } from '../untold.js'

/**
 * Per partition: produced = ok + fallback + dropped; effects from the table, decisions from the log, and where the killed process
 * had settled a record before it could tell, what was planned for it.
 */
export function accounting(facts: Facts): Answer {
  const { produced, effects, history } = facts
  const partitions = [...new Set(produced.map(({ partition }) => partition))].sort((a, b) => a - b)
  const unlogged = untold(facts)
  const complaints: string[] = []
  const sums = partitions.map((partition) => {
    const here = produced.filter((record) => record.partition === partition)
    const ok = here.filter(
      ({ fate }) => fate.outcome !== 'dropped' && fate.order && effects.has(fate.order.orderId),
    ).length
    const decided = (outcome: 'fallback' | 'dropped') => {
      const decision = outcome === 'dropped' ? 'drop' : outcome
      const logged = history.decisions.filter((one) => one.partition === partition && one.decision === decision)
      const silent = here.filter((record) => record.fate.outcome === outcome && unlogged.has(placeOf(record)))
      return new Set([...logged, ...silent].map(({ offset }) => offset)).size
    }
    const [fallback, dropped] = [decided('fallback'), decided('dropped')]
    const sum = `${here.length} = ${ok} + ${fallback} + ${dropped}`
    if (here.length !== ok + fallback + dropped) complaints.push(`partition ${partition}: ${sum} does not add up`)
    return sum
  })
  return answerOf(complaints, `produced = ok + fallback + dropped: ${sums.join(', ')}`)
}
