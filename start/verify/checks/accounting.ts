import { type Answer, answerOf, type Facts } from '../facts.js'

/** Per partition: produced = ok + fallback + dropped; effects from the table, decisions from the log. */
export function accounting({ produced, effects, history }: Facts): Answer {
  const partitions = [...new Set(produced.map(({ partition }) => partition))].sort((a, b) => a - b)
  const complaints: string[] = []
  const sums = partitions.map((partition) => {
    const here = produced.filter((record) => record.partition === partition)
    const ok = here.filter(
      ({ fate }) => fate.outcome !== 'dropped' && fate.order && effects.has(fate.order.orderId),
    ).length
    const decided = (decision: string) =>
      new Set(
        history.decisions
          .filter((one) => one.partition === partition && one.decision === decision)
          .map(({ offset }) => offset),
      ).size
    const [fallback, dropped] = [decided('fallback'), decided('drop')]
    const sum = `${here.length} = ${ok} + ${fallback} + ${dropped}`
    if (here.length !== ok + fallback + dropped) complaints.push(`partition ${partition}: ${sum} does not add up`)
    return sum
  })
  return answerOf(complaints, `produced = ok + fallback + dropped: ${sums.join(', ')}`)
}
