import { placeOf } from '../orders/index.js'
import type { Facts } from './facts.js'

/** Places that the killed process had settled and came no longer to tell of: what was decided of them is in no log. */
export function untold({ kill, history: { decisions } }: Pick<Facts, 'kill' | 'history'>): ReadonlySet<string> {
  const told = new Set(decisions.filter(({ decision }) => decision !== 'retry' && decision !== 'held').map(placeOf))
  return new Set(kill?.batch.filter((place) => !kill.unsettled.has(place) && !told.has(place)))
}
