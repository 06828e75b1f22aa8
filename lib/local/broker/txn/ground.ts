import type { Facts } from '../disk/index.js'
import type { Offsets } from '../group/offsets.js'
import type { PartitionLog } from '../log/partition.js'
import type { Timers } from '../timers.js'
import type { Code } from '../wire/codes.js'
import type { Transaction } from './transaction.js'

/** What transactions act upon. */
export interface Ground {
  readonly timers: Timers
  readonly newProducerId: () => bigint
  readonly log: (topic: string, partition: number) => PartitionLog | undefined
  /** the committed offsets of a group, which is created if there is none */
  readonly offsets: (group: string) => Offsets
  readonly facts: Facts
  /** takes a line for what failed where no client waits for an answer */
  readonly report: (line: string) => void
}

export type Initialised = Pick<Transaction, 'producerId' | 'epoch'> | { readonly refused: Code }
