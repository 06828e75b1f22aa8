import type { AttributeValue, ConsumedCapacity, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb'

export type Item = Record<string, AttributeValue>

/** The key of an item, as both framework tables have it. */
export interface ItemKey {
  readonly pk: string
  readonly sk: string
}

/** Sets attributes of one item, if a condition holds. */
export interface Write {
  readonly key: ItemKey
  readonly set: Readonly<Item>
  /** There is no such item; or there is one, with these values. */
  readonly when: 'absent' | Readonly<Item>
}

/** What is known of a write. `conflict` comes with the item where the store returned it; `lost`: it may or may not have been applied. */
export type Written =
  | { readonly kind: 'applied' }
  | { readonly kind: 'conflict'; readonly item: Item | undefined }
  | { readonly kind: 'lost'; readonly cause: Error }

/** A write of anything else, as an element of DynamoDB's `TransactWriteItems`. */
export type AtomicWrite = TransactWriteItem

/** One of the other writes of a transaction that failed: its place among them. */
export interface Refusal {
  readonly index: number
  readonly cause: Error
}

/** What is known of a transaction; of all but `applied` and `lost`, that nothing was applied. */
export type Transacted =
  | { readonly kind: 'applied' }
  /** The condition of a write of this table failed. */
  | { readonly kind: 'conflict' }
  /** Conditions of the other writes failed, or DynamoDB cannot make them of these items. */
  | { readonly kind: 'refused'; readonly failures: readonly Refusal[] }
  /** DynamoDB refused the whole, and does not say because of which write. */
  | { readonly kind: 'invalid'; readonly cause: Error }
  /** Another transaction was under way on the same items, or the table is throttled. */
  | { readonly kind: 'contended'; readonly cause: Error }
  /** DynamoDB refused the call for good, whatever it was to write: nothing was applied. */
  | { readonly kind: 'denied'; readonly cause: Error }
  | { readonly kind: 'lost'; readonly cause: Error }

/** What a table has cost since it was opened, by DynamoDB's own account. */
export interface Usage {
  readonly calls: number
  readonly readUnits: number
  readonly writeUnits: number
  /** Writes that met another state of their item than they were made for. */
  readonly conflicts: number
}

/** @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING`, from each of its calls */
export interface Table {
  /** Consistent, 100 to a call. In the order of the keys; undefined where there is no item. */
  get(keys: readonly ItemKey[]): Promise<readonly (Item | undefined)[]>
  /** Consistent. The items of one `pk` from one `sk` to another, both included, the last one first, page by page. */
  falling(pk: string, from: string, to: string): AsyncIterable<Item>
  /** Each atomic on its own, 25 to a call, results in their order. Different keys only. */
  write(writes: readonly Write[]): Promise<readonly Written[]>
  /**
   * All of it, or nothing. No item twice; at most 100 items and 4 MB.
   *
   * @param token makes a repeat of the same transaction safe for ten minutes; at most 36 characters
   * @throws MillraceError `ML_TRANSACTIONS_UNSUPPORTED`
   */
  transact(writes: readonly Write[], others: readonly AtomicWrite[], token: string): Promise<Transacted>
  readonly usage: Usage
}

/** What one call needs to know of its surroundings. */
export interface Connection {
  readonly client: DynamoDBClient
  readonly name: string
  readonly clock: { sleep(ms: number): Promise<void>; random(): number }
  /** Called once per request, with what DynamoDB says it consumed. */
  spent(kind: 'read' | 'write', capacity: readonly (ConsumedCapacity | undefined)[] | undefined): void
}
