/** What one side asks of DynamoDB for 1,000 records. */
export interface Costs {
  readonly calls: number
  readonly writeUnits?: number
}

/** One line of the benchmark. */
export interface Result {
  readonly name: string
  /** Of what `ours` and `peer` are counted. */
  readonly unit: string
  readonly ours: number
  readonly peer: number
  /** ours / peer. */
  readonly ratio: number
  /** What the ratio is held to; null where there is no goal. */
  readonly goal: number | null
  /** `within` 1.2 is from 0.8 to 1.2. */
  readonly bound: 'at least' | 'at most' | 'within'
  /** False where a goal is missed. */
  readonly met: boolean
  /** For 1,000 records. */
  readonly costs?: { readonly ours: Costs; readonly peer: Costs }
  readonly note?: string
}

/** What a suite was told. */
export interface SuiteOptions {
  readonly rounds: number
  /** Tiny sizes: to see that all of it works, not how fast. */
  readonly smoke: boolean
}

export type Suite = (options: SuiteOptions) => Promise<Result[]>

type Measured = Omit<Result, 'ratio' | 'met'>

export function result(measured: Measured): Result {
  const { ours, peer, goal, bound } = measured
  const ratio = ours / peer
  return { ...measured, ratio, met: goal === null || isMet(ratio, goal, bound) }
}

/** A ratio that is no number meets no goal. */
function isMet(ratio: number, goal: number, bound: Result['bound']): boolean {
  if (bound === 'at least') return ratio >= goal
  return ratio <= goal && (bound === 'at most' || ratio >= 2 - goal)
}
