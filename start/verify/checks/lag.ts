import { type Answer, answerOf, type Facts } from '../facts.js'

/** The group has committed everything, by an admin client's account. */
export function lag({ lag: byPartition, elapsedMs }: Pick<Facts, 'lag' | 'elapsedMs'>): Answer {
  const complaints = [...byPartition].flatMap(([partition, behind]) =>
    behind === 0 ? [] : [`partition ${partition}: ${behind} behind`],
  )
  return answerOf(
    byPartition.size === 0 ? ['no partition is known'] : complaints,
    `0 in ${byPartition.size} partitions, ${(elapsedMs / 1000).toFixed(1)} s after the first record was produced (the lease of the killed worker included)`,
  )
}
