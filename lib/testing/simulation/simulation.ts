import type { Choices } from './choices.js'
import type { Faults } from './faults.js'
import type { History } from './history.js'
import type { Scheduler } from './scheduler.js'
import type { Tables } from './tables.js'
import type { World } from './world.js'

/** What all parts of one run share. */
export interface Simulation {
  readonly choices: Choices
  readonly scheduler: Scheduler
  readonly world: World
  readonly faults: Faults
  readonly history: History
  readonly tables: Tables
}

export const topic = 'orders'
export const group = 'group'
