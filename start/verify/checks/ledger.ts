import { isCovered } from '../../../lib/ledger/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/** Every produced offset is settled in the ledger; nothing is open, pending, claimed or suspected any more. */
export function ledger({ produced, ledger: states }: Pick<Facts, 'produced' | 'ledger'>): Answer {
  const complaints: string[] = []
  const missing = new Map<number, number>()
  for (const { partition, offset } of produced) {
    if (isCovered(states.get(partition)?.settled ?? [], offset)) continue
    missing.set(partition, (missing.get(partition) ?? 0) + 1)
  }
  for (const [partition, count] of missing) complaints.push(`partition ${partition}: ${count} offsets are not settled`)
  for (const [partition, { open, pending, claim, crashed }] of states) {
    const left = Object.entries({
      open: open.length > 0,
      pending: pending.length > 0,
      claim: claim !== null,
      crashed: crashed !== null,
    })
    const names = left.flatMap(([name, isLeft]) => (isLeft ? [name] : []))
    if (names.length > 0) complaints.push(`partition ${partition}: ${names.join(' and ')} left`)
  }
  const intervals = [...states.values()].reduce((sum, { settled }) => sum + settled.length, 0)
  return answerOf(complaints, `${produced.length} offsets settled, in ${intervals} intervals of ${states.size} items`)
}
