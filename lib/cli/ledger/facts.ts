import { frontierOf, type OpenRecord, type Range } from '../../ledger/index.js'
import type { Source } from './sources.js'

/** What a ledger says of a source partition, for programs and for people. Times are epoch ms. */
export interface SourceFacts extends Pick<Source, 'group' | 'topic' | 'partition'> {
  /** Rises by one with every write. */
  readonly version: number
  /** Below this offset nothing is known to wait: what was delivered there is settled. */
  readonly frontier: number
  /** The highest offset that was ever delivered; -1 for none. */
  readonly delivered: number
  readonly settled: readonly Range[]
  /** Tried or held, and not settled. */
  readonly open: readonly OpenRecord[]
  /** Delivered and never started. */
  readonly pending: readonly Range[]
  /** In flight when an invocation died: run alone when they come again. */
  readonly crashed: Range | null
  readonly suspect: Range | null
  /** Whoever has it just now, or died with it: then the lease ends by itself. */
  readonly claim: {
    readonly owner: string
    readonly leaseEnd: number
    readonly live: boolean
    readonly inFlight: Range
  } | null
  /** When the topic, as it is now, was first read. */
  readonly incarnation: { readonly born: number; readonly former: number }
}

/** @param former incarnations put aside @param now epoch ms */
export function factsOf({ group, topic, partition, item }: Source, former: number, now: number): SourceFacts {
  const { version, state } = item
  const { settled, open, pending, crashed, suspect, claim, delivered, born } = state
  return {
    ...{ group, topic, partition, version, delivered, open, pending, crashed, suspect },
    frontier: frontierOf(state),
    settled: settled.map(({ from, to }) => ({ from, to })),
    claim: claim && {
      owner: claim.owner,
      leaseEnd: claim.leaseEnd,
      live: claim.leaseEnd > now,
      inFlight: claim.inFlight,
    },
    incarnation: { born, former },
  }
}

/** Whether anything of it has to be delivered again. */
export const hasWaiting = ({ open, pending, crashed, claim }: SourceFacts): boolean =>
  open.length > 0 || pending.length > 0 || crashed !== null || (claim !== null && !claim.live)
