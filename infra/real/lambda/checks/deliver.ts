import { setTimeout as delay } from 'node:timers/promises'
import type { InvokeResult } from '../../../../lib/local/worker/index.js'
import type { Running } from '../ground.js'

/** Between two deliveries, and how many there may be: well over what a lease of a second needs. */
const betweenMs = 200
const deliveries = 50

/** Delivers a batch as a mapping does: again and again, until an invocation answers that nothing of it failed. */
export async function deliver({ worker }: Running, event: unknown): Promise<readonly InvokeResult[]> {
  const results: InvokeResult[] = []
  while (results.length < deliveries) {
    const result = await worker.invoke(event)
    results.push(result)
    if (result.kind === 'ok' && failuresOf(result).length === 0) return results
    await delay(betweenMs)
  }
  throw new Error(`after ${deliveries} deliveries it is not settled: ${said(results.at(-1))}`)
}

interface Item {
  readonly itemIdentifier: { readonly partition: string; readonly offset: number }
}

/** What an answer reports to be delivered again, as `topic-partition:offset`. @throws Error where it is no such answer */
export function failuresOf(result: InvokeResult): readonly string[] {
  if (result.kind !== 'ok') throw new Error(`it answered nothing: ${said(result)}`)
  const { batchItemFailures } = result.payload as { readonly batchItemFailures: readonly Item[] }
  return batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition}:${offset}`)
}

/** A result in one line. */
export const said = (result: InvokeResult | undefined): string =>
  result === undefined
    ? 'nothing'
    : result.kind === 'ok'
      ? JSON.stringify(result.payload)
      : `${result.kind}: ${result.message}`
