import type { InvokeResult } from '../worker/index.js'
import { type Records, selectRecords } from './event.js'
import type { EsmSwitches } from './switches.js'

/** What Lambda makes of one invocation. */
export type Decision =
  /** The whole batch is settled. */
  | { readonly kind: 'settled' }
  /** These offsets, by partition key, are to be delivered again; the rest is settled. */
  | { readonly kind: 'partial'; readonly failures: ReadonlyMap<string, ReadonlySet<number>> }
  /** The whole batch is delivered again. */
  | {
      readonly kind: 'failed'
      readonly reason: string
      /** The function failed, and not the form of its answer. */
      readonly functionError: boolean
    }
  /** The batch did not reach the function, so this spends no attempt. */
  | { readonly kind: 'unreached'; readonly reason: string }

const settled: Decision = { kind: 'settled' }
const failed = (reason: string, functionError = false): Decision => ({ kind: 'failed', reason, functionError })

/**
 * Lambda's reading of an invocation's result. `partialResponses` is `ReportBatchItemFailures`; without it any answer is a
 * success. `malformed` is what becomes of an answer of no known form.
 */
export function decide(
  records: Records,
  result: InvokeResult,
  partialResponses: boolean,
  malformed: EsmSwitches['malformedResponse'],
): Decision {
  if (result.kind !== 'ok') return failed(`${result.kind}: ${result.message}`, true)
  const odd = (reason: string): Decision => (malformed === 'fail' ? failed(reason) : settled)
  return partialResponses ? readResponse(records, result.payload, odd) : settled
}

/**
 * "Empty valid JSON or null" is a success, an id that was not in the event fails the whole batch (KAFKA-ESM §3).
 * An object without `batchItemFailures` is a success, by analogy; an answer of another form is `odd`.
 */
function readResponse(records: Records, payload: unknown, odd: (reason: string) => Decision): Decision {
  if (payload === null || payload === undefined) return settled
  if (typeof payload !== 'object' || Array.isArray(payload)) return odd('the answer is no object')
  const { batchItemFailures: items } = payload as { batchItemFailures?: unknown }
  if (items === null || items === undefined) return settled
  if (!Array.isArray(items)) return odd('batchItemFailures is no list')
  const failures = new Map<string, Set<number>>()
  const known = new Map(Object.entries(records).map(([key, list]) => [key, new Set(list.map(({ offset }) => offset))]))
  for (const item of items as unknown[]) {
    const { partition, offset } = readIdentifier(item)
    if (typeof partition !== 'string' || typeof offset !== 'number') return odd('an itemIdentifier is malformed')
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
export function remainder(records: Records, decision: Decision, redelivery: EsmSwitches['redelivery']): Records {
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
