/** What the handler of a record gives to be written: `ok(output)`. */
export interface Output {
  /** Text is written as UTF-8; null or left out: no key. */
  readonly key?: string | Uint8Array | null
  /** Bytes are written as they are, text as UTF-8, anything else as JSON; null is a tombstone. */
  readonly value: unknown
  /** In their order; the same name may come several times. */
  readonly headers?: readonly (readonly [name: string, value: string | Uint8Array | null])[]
  /** Where it goes, if the sink has more than one place. Default: as the sink is configured. */
  readonly topic?: string
  /** An explicit partition of its topic. Default: as the sink's partitioner says. */
  readonly partition?: number
}
