import type { Clock } from '../../clock.js'

/** All that the broker needs of a clock: the time, and to be called after a while. Tests bring one that they move by hand. */
export type Timers = Pick<Clock, 'after' | 'now'>
