/**
 * Every difference that may be. One that no longer occurs fails the suite, and has to go.
 *
 * @module
 */
import type { Allowance } from '../compare.js'
import { kafkaAllowances } from './kafka.js'
import { storeAllowances } from './store.js'

export const allowances: readonly Allowance[] = [...kafkaAllowances, ...storeAllowances]
