import type { Json } from '../disk/index.js'
import type { Transaction } from './transaction.js'

/** A transaction as it is kept over the death of the process: 64-bit numbers as text. */
export function kept(transaction: Transaction): Json {
  const { producerId, partitions, offsets, ...rest } = transaction
  return {
    ...rest,
    producerId: String(producerId),
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
    offsets: offsets.map(({ group, topic, partition, committed }) => ({
      group,
      topic,
      partition,
      committed: { ...committed, offset: String(committed.offset) },
    })),
  }
}

/** A transaction from what was kept of it. */
export function restored(json: Json): Transaction {
  const { producerId, offsets, ...rest } = json as unknown as Kept
  return {
    ...rest,
    producerId: BigInt(producerId),
    offsets: offsets.map((one) => ({ ...one, committed: { ...one.committed, offset: BigInt(one.committed.offset) } })),
  }
}

/** The same with text where it has 64-bit numbers. */
type AsText<T> = T extends bigint
  ? string
  : T extends readonly (infer Item)[]
    ? readonly AsText<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: AsText<T[Name]> }
      : T
type Kept = AsText<Transaction>
