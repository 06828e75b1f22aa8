/** Asked for each record: whether others are to get their turn first. */
export type Pace = () => boolean

/** Records between two pauses: work of some tenths of a millisecond. */
const recordsAtOnce = 200

/** A pace that counts over everything that is done by it. */
export function newPace(): Pace {
  let records = 0
  return () => ++records % recordsAtOnce === 0
}
