/** Offset and timestamp (epoch ms) of a record that was delivered, kept to recognise a recreated topic. */
export interface Anchor {
  readonly offset: number
  readonly timestamp: number
}

/** Timestamps are kept up to this many milliseconds either side of 1970 (35,000 years); a producer may send any 64 bits. */
const furthest = 2 ** 50

/** A record's timestamp as the ledger keeps and compares it. */
export const keptTime = (timestamp: number): number => Math.trunc(Math.min(furthest, Math.max(-furthest, timestamp)))

/** Producers' clocks differ from this one's by so much, in milliseconds, before a timestamp counts as in the future. */
const skewMs = 600_000

/** Whether a timestamp can be taken for a time that has been. */
export const notFuture = (timestamp: number, now: number): boolean => timestamp <= now + skewMs

/** Offsets `from` to `to`, both included. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** A run of settled offsets, with a few anchors inside it, rising. */
export interface Interval extends Range {
  readonly anchors: readonly Anchor[]
}

/** A record that was tried or held and is not settled. */
export interface OpenRecord {
  readonly offset: number
  /** Failures so far; crashes are not failures. */
  readonly attempts: number
  /** Crashes on its own marker. */
  readonly deaths: number
  /** Died so often on its own marker that it goes the way of poison without being run again. */
  readonly convicted: boolean
  /** Its attempts are spent, but no sink has acknowledged it yet: it is not run again either. */
  readonly givenUp: boolean
  /** Epoch ms before which it is not run; 0 for at once. */
  readonly notBefore: number
  /** How often it was held. */
  readonly holds: number
  /** The record's timestamp: where it differs, this entry speaks of another incarnation. */
  readonly timestamp: number
  /** Epoch ms of its first failure; of a record that was only held, of the first time. */
  readonly firstSeen: number
}

/** What is run alone after a crash, written before it runs: the first to last suspected offset. */
export interface Marker extends Range {
  /** The timestamp of the record `from`, its fingerprint. */
  readonly timestamp: number
}

/** The hold of one invocation on the source partition. */
export interface Claim {
  /** A nonce drawn per invocation. */
  readonly owner: string
  /** Epoch ms. */
  readonly leaseEnd: number
  /** What may have been run by the time the owner dies. */
  readonly inFlight: Range
  readonly marker: Marker | null
}

/**
 * What is known of one group's source partition. A value: every change makes a new one.
 *
 * Invariants: `settled` is disjoint, never touching, rising; `open` and `pending` are rising and disjoint from `settled` and
 * from each other; no settled or open offset lies above `delivered`.
 */
export interface LedgerState {
  readonly settled: readonly Interval[]
  readonly open: readonly OpenRecord[]
  /** Delivered, never started. */
  readonly pending: readonly Range[]
  /** The union of what was in flight when claims died and is not cleared yet. */
  readonly crashed: Range | null
  /** The marked chunk that died: the culprit is among its records. */
  readonly suspect: Range | null
  /**
   * What was last in hand, and may come again whatever was answered, rising and disjoint: a batch within it is no recreated
   * topic's.
   */
  readonly reported: readonly Range[]
  /** The highest offset ever delivered; -1 before the first. */
  readonly delivered: number
  /** The newest record timestamp seen, epoch ms; timestamps in the future are ignored ({@link notFuture}). 0 before the first. */
  readonly newest: number
  readonly claim: Claim | null
  /**
   * The highest offset that was delivered and is not known to be settled any more, without being open, pending or crashed either:
   * Lambda went on without it, or it was doubted. -1 for none. What was delivered above it and is nowhere else in the state was
   * settled, and forgotten by the bound.
   */
  readonly left: number
  /** Epoch ms of this incarnation's first claim; 0 before it. */
  readonly born: number
  /** Sections of the item that this release does not know and may ignore; written back as they are. */
  readonly foreign: readonly (readonly [tag: number, bytes: Uint8Array])[]
}

/** The state of a source partition that the ledger has never seen. */
export const emptyState: LedgerState = {
  settled: [],
  open: [],
  pending: [],
  crashed: null,
  suspect: null,
  reported: [],
  delivered: -1,
  newest: 0,
  claim: null,
  left: -1,
  born: 0,
  foreign: [],
}
