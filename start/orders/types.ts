/** What the value of a good record says, as JSON. */
export interface Order {
  readonly orderId: string
  readonly customerId: string
  /** Rises by one with each good order of a customer, from 1. */
  readonly seq: number
  readonly cents: number
  /** Milliseconds after it was produced in which its customer may take it back; the function holds it so long. Default 0. */
  readonly graceMs?: number
}

/** How the downstream treats an order. */
export type Downstream = 'works' | 'fails-twice' | 'never-works'

/** What has to become of a record. */
export type Fate =
  | { readonly outcome: 'ok'; readonly order: Order; readonly downstream: 'works' | 'fails-twice' }
  | { readonly outcome: 'dropped'; readonly order: Order }
  | {
      readonly outcome: 'fallback'
      readonly stage: 'decode' | 'validate' | 'process'
      readonly rule: 'undecodable' | 'invalid' | 'exhausted' | 'convicted'
      /** Runs of the handler spent on it. */
      readonly attempts: number
      /** Of one that the downstream never took. */
      readonly order?: Order
      /** What a mended function reads of it where this one could not. */
      readonly mended?: Order
    }

/** A header; the same key may come several times, one after another. */
export type Header = readonly [key: string, value: Buffer]

/** A record before it is produced, with what has to become of it. */
export interface Planned {
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly fate: Fate
}

/** A record as it lies in the topic: the producer's own account of it. */
export interface Produced extends Planned {
  readonly offset: number
  /** Epoch milliseconds, set by the producer. */
  readonly timestamp: number
}

/** A record's place, as text: `<partition>:<offset>`. */
export const placeOf = ({ partition, offset }: { partition: number; offset: number }): string =>
  `${partition}:${offset}`
