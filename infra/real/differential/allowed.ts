import type { Allowance } from './compare.js'

/** Every difference that may be. One that no longer occurs fails the suite, and has to go. */
export const allowances: readonly Allowance[] = []
