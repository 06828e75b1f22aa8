import type { Sink } from '../../sink/index.js'

/** A record as a target keeps it. */
export interface KeptRecord {
  /** {@link SinkRecord.id} */
  readonly id: string
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** A sink on a target that holds nothing yet. */
export interface SinkOnTarget {
  readonly sink: Sink
  /**
   * What the target holds, in its order. Of a target that only appends, as one sees it who takes each id once: the first of each.
   */
  contents(): Promise<readonly KeptRecord[]>
  /** All that the target holds, to the byte. Default: its contents. */
  snapshot?(): Promise<string | Uint8Array>
  /** Calls that the target has had. */
  calls?(): number
  /** From now on the target refuses records of these ids, and no others. */
  refuse?(ids: ReadonlySet<string>): void | Promise<void>
  /** From now on the target takes what it gets, but answers nothing, until told otherwise. */
  hang?(hangs: boolean): void | Promise<void>
  /** Stops the target. The sink is closed before. */
  dispose?(): Promise<void>
}

/** What not every target can show: the calls that it has had, refusals, that it does not answer. */
export type Ability = 'calls' | 'refuse' | 'hang'

/** The sink that is to be checked. */
export interface SinkSpec {
  /** Called once for each check. */
  make(): Promise<SinkOnTarget>
  /** What the target can show beside what it holds. A check that needs more is not among the checks. Default: nothing. */
  readonly shows?: readonly Ability[]
  /** Calls to the target that 1,000 small records may cost. Default 100. */
  readonly mostCalls?: number
  /** Milliseconds after which a write whose signal has aborted, or a close, is taken never to end. Default 5,000. */
  readonly soonMs?: number
}

/** A check of a sink's contract. */
export interface SinkCheck {
  /** A sentence: what the sink does if it keeps to the contract. */
  readonly name: string
  /** @throws MillraceError `ML_SINK_CONTRACT` that says how it does not */
  run(): Promise<void>
}
