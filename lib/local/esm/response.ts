import type { WireRecord } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import type { Records } from './event.js'

/** What Lambda makes of one invocation. */
export type Decision =
  /** The whole batch is settled. */
  | { readonly kind: 'settled' }
  /** These offsets, by partition key, are to be delivered again; the rest is settled. */
  | { readonly kind: 'partial'; readonly failures: ReadonlyMap<string, ReadonlySet<number>> }
  /** The whole batch is delivered again. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The batch did not reach the function, so this spends no attempt. */
  | { readonly kind: 'unreached'; readonly reason: string }

/**
 * Where a retry starts after a partial failure: at the lowest reported offset of each partition, or with exactly the
 * records reported. UNCONFIRMED which of them Lambda does for Kafka (KAFKA-ESM §3): functions must bear both.
 */
export type Redelivery = 'from-lowest' | 'reported-only'

const settled: Decision = { kind: 'settled' }
const failed = (reason: string): Decision => ({ kind: 'failed', reason })

/** Lambda's reading of an invocation's result. `partialResponses` is `ReportBatchItemFailures`; without it any answer is a success. */
export function decide(records: Records, result: InvokeResult, partialResponses: boolean): Decision {
  if (result.kind !== 'ok') return failed(`${result.kind}: ${result.message}`)
  return partialResponses ? readResponse(records, result.payload) : settled
}

/**
 * "Empty valid JSON or null" is a success, an id that was not in the event fails the whole batch (KAFKA-ESM §3).
 * UNCONFIRMED for Kafka, by analogy with Kinesis: an answer of another shape fails the whole batch, an object without
 * `batchItemFailures` is a success.
 */
function readResponse(records: Records, payload: unknown): Decision {
  if (payload === null || payload === undefined) return settled
  if (typeof payload !== 'object' || Array.isArray(payload)) return failed('the answer is no object')
  const { batchItemFailures: items } = payload as { batchItemFailures?: unknown }
  if (items === null || items === undefined) return settled
  if (!Array.isArray(items)) return failed('batchItemFailures is no list')
  const failures = new Map<string, Set<number>>()
  const known = new Map(Object.entries(records).map(([key, list]) => [key, new Set(list.map(({ offset }) => offset))]))
  for (const item of items as unknown[]) {
    const { partition, offset } = readIdentifier(item)
    if (typeof partition !== 'string' || typeof offset !== 'number') return failed('an itemIdentifier is malformed')
    if (!known.get(partition)?.has(offset)) return failed(`${partition} offset ${offset} was not in the event`)
    const offsets = failures.get(partition)
    if (offsets) offsets.add(offset)
    else failures.set(partition, new Set([offset]))
  }
  return failures.size === 0 ? settled : { kind: 'partial', failures }
}

function readIdentifier(item: unknown): { partition?: unknown; offset?: unknown } {
  const identifier = (item as { itemIdentifier?: unknown } | null)?.itemIdentifier
  return typeof identifier === 'object' && identifier !== null ? identifier : {}
}

/** The records to deliver next after this decision: none when settled, the same object when the whole batch comes again. */
export function remainder(records: Records, decision: Decision, redelivery: Redelivery): Records {
  switch (decision.kind) {
    case 'settled':
      return {}
    case 'failed':
    case 'unreached':
      return records
    case 'partial':
      return selectRecords(records, ({ offset }, key) => {
        const offsets = decision.failures.get(key)
        if (!offsets) return false
        return redelivery === 'reported-only' ? offsets.has(offset) : offset >= Math.min(...offsets)
      })
  }
}

/** The records that pass, without the partitions that have none left. */
export function selectRecords(records: Records, pass: (record: WireRecord, key: string) => boolean): Records {
  const lists = Object.entries(records).map(([key, list]) => [key, list.filter((record) => pass(record, key))] as const)
  return Object.fromEntries(lists.filter(([, list]) => list.length > 0))
}
