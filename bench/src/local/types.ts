/** What a system is started with. */
export interface SystemPlan {
  readonly topics: readonly string[]
  /** The function's bundle, `function.cjs` in a folder of its own. */
  readonly bundle: string
}

/** Where a system is that runs. */
export interface System {
  readonly brokers: string[]
  readonly engine: string
}

/** What is to be consumed; whoever consumes more or less of it fails. */
export interface Wanted {
  readonly brokers: string[]
  readonly topic: string
  readonly group: string
  readonly records: number
  /** `one`: a record at a time, as kafkajs' documentation has it; `block`: a fetched block at a time. */
  readonly by: 'one' | 'block'
  /** Reads, validates and handles each record as the function does; else it only counts them. */
  readonly handles: boolean
}

/** What is to be produced, values of so many bytes. */
export interface Load {
  readonly brokers: string[]
  readonly topic: string
  readonly records: number
  readonly bytes: number
}

/** Milliseconds from producing a record until it was handled, one each. */
export type Latencies = readonly number[]
