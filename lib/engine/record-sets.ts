import type { RawRecord } from '../event/index.js'

/** Some records, as a set of them or the keys of a map. */
export type Records = Pick<ReadonlySet<RawRecord>, 'has'>

export const nothing: Records = new Set()

/** As if all effects were committed, and all outputs acknowledged. */
export const everything: Records = { has: () => true }
