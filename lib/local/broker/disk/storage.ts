/** Where a partition keeps the bytes of its batches. Positions count bytes since the log began. */
export interface Shelf {
  /** Offset of the first record still kept, as the last `trim` left it. */
  readonly startOffset: number
  /** Offset of the first batch that `stored` gives, or of the next one to come. */
  readonly baseOffset: number
  /** What was kept by an earlier process, in order: the first bytes of each batch (128 at most) and its length. Read once. */
  stored(): Iterable<{ readonly head: Buffer; readonly length: number }>
  /** Keeps a batch behind all others. When it returns, the bytes outlive this process, if the shelf is one of files. */
  append(bytes: Buffer, baseOffset: number): void
  /** The bytes of whole batches, in as few pieces as they are kept in. */
  read(position: number, length: number): Buffer[]
  /** Nobody reads records before `startOffset`, or bytes before `position`, any more. */
  trim(startOffset: number, position: number): void
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined }

/** What facts are about; the key of a fact is unique within its kind. */
export type FactKind = 'cluster' | 'producer' | 'topic' | 'start' | 'offset' | 'transaction'

/** Small values that outlive the process: all the broker must know beside the records themselves. */
export interface Facts {
  /** Keeps a value under its kind and key, `undefined`: forgets it. When it returns, that outlives this process. */
  set(kind: FactKind, key: string, value: Json | undefined): void
  /** What was kept by an earlier process and this one, in the order of first keeping. */
  all(kind: FactKind): readonly (readonly [key: string, value: Json])[]
}

/** All that a broker keeps: in memory, or in a directory. */
export interface Storage {
  readonly facts: Facts
  /** The shelf of one partition, with what an earlier process has left on it. */
  shelf(topicId: string, partition: number): Shelf
  /** Forgets the batches of a topic. */
  remove(topicId: string): void
  /** Gives back what is open. */
  close(): void
}
