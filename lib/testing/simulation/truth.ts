/** What a record does to the function that runs it. */
export type Plan =
  | { readonly kind: 'ok' | 'drop' | 'fallback' | 'poison' | 'hopeless' | 'kills' }
  /** The first so many runs are held for so long. */
  | { readonly kind: 'holds'; readonly times: number; readonly forMs: number; readonly maxDeliveries: number }
  /** The first so many runs fail, never end by themselves, have their effect refused, or break the contract. */
  | { readonly kind: 'fails' | 'hangs' | 'refused' | 'breaches'; readonly times: number }

/** The truth about one record of one incarnation, which only the simulation knows. */
export interface Entry {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string
  readonly incarnation: number
  readonly plan: Plan
  /** The handler takes so many milliseconds, in two steps. */
  readonly slowMs: number
  /** The mapping withholds it (filter, age, registry): it is never delivered. */
  readonly withheld: boolean
  runs: number
  /** Runs since Lambda gave it up last. */
  runsThisLife: number
  /** Its plain effect was made, or a run of it ended well with nothing to make. */
  handled: boolean
  /** Its sink has it. */
  landed: boolean
  dropped: boolean
  /** It was reported as abandoned. */
  abandoned: boolean
  /** A write that settled it was applied, ever. */
  settled: boolean
  /** How often it was settled and then was so no more, by the bound or in doubt: so often it may take effect again. */
  forgotten: number
  /** Lambda or Kafka went on without it: what follows in its lane need not wait, and nobody promises to settle it. */
  gone: boolean
  /** A claim that brought it was applied. */
  claimed: boolean
  /** Claims that were buried with a marker on it alone. */
  deaths: number
}

/** The records of one source partition in one incarnation, offsets rising. */
export interface PartitionLog {
  readonly incarnation: number
  readonly entries: Entry[]
  /** Offsets below it are gone by retention. */
  start: number
}

/** The name of a record's own effect, and of the balance of its key. */
export const effectOf = ({ incarnation, partition, offset }: Entry): string => `${incarnation}:${partition}:${offset}`
export const nameOf = effectOf
