import { loadRecords, produce } from '../sides/local.js'

/** Orders, as all sides read and validate them, keyed by customer. */
export async function fill(
  brokers: readonly string[],
  topic: string,
  partitions: number,
  count: number,
): Promise<void> {
  const value = ({ id, key, n }: { readonly id: string; readonly key: string; readonly n: number }) => ({
    orderId: `order-${id}`,
    customerId: key,
    seq: n,
    cents: 100 + (n % 900),
  })
  const { records } = await produce(first(count, loadRecords({ keys: 1_000, value })), { brokers, topic, partitions })
  if (records !== count) throw new Error(`${topic} took ${records} of ${count} records`)
}

export function* first<T>(count: number, from: Iterable<T>): Generator<T> {
  let taken = 0
  for (const one of from) {
    if (taken++ === count) return
    yield one
  }
}
