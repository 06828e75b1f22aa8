import type { Clock } from '../clock.js'
import type { AtomicWrite, LedgerStore, Refusal } from './store/index.js'
import { begin, type Change, type Changed, loadMissing, maxRounds, pause, prepare } from './swap.js'

/** All changes were written with the handlers' writes, or nothing was. */
export type Transacted<Info, Stop> =
  /** In the order of the changes; undefined for one that landed, and was overwritten before it was seen. */
  | { readonly kind: 'all'; readonly changed: readonly (Changed<Info, Stop> | undefined)[] }
  /** One of the changes was not to be. */
  | { readonly kind: 'stopped'; readonly stop: Stop }
  /** Conditions of the handlers' own writes failed. */
  | { readonly kind: 'refused'; readonly failures: readonly Refusal[] }
  | { readonly kind: 'invalid'; readonly cause: Error }
  /** DynamoDB refused the call for good, or was busy with other transactions each time: nothing was written. */
  | { readonly kind: 'denied'; readonly cause: Error }
  | { readonly kind: 'contended'; readonly cause: Error }
  /** An answer was lost: it may have been written. */
  | { readonly kind: 'undecided' }

/**
 * Compare-and-swap of several items and the handlers' own writes in one transaction.
 *
 * @throws what the store throws: then it may have been written
 */
export async function transact<Info, Stop>(
  store: LedgerStore,
  clock: Clock,
  owner: string,
  changes: readonly Change<Info, Stop>[],
  writes: readonly AtomicWrite[],
): Promise<Transacted<Info, Stop>> {
  const attempts = changes.map(begin)
  let last: Extract<Transacted<Info, Stop>, { kind: 'denied' | 'contended' }> | undefined
  let mayHaveLanded = false
  for (let round = 0; round < maxRounds; round++) {
    await pause(clock, round)
    await loadMissing(store, attempts)
    const writing = prepare(attempts, owner, clock)
    for (const { done } of attempts) if (done?.kind === 'stopped') return { kind: 'stopped', stop: done.stop }
    // All or nothing: where one change is found to have landed, all have.
    if (writing.length < attempts.length) return { kind: 'all', changed: attempts.map(({ done }) => done) }
    const result = await store.transact({ swaps: writing.map(({ swap }) => swap), writes, token: clock.nonce() })
    if (result.kind === 'applied') {
      return { kind: 'all', changed: writing.map(({ swap, info }) => ({ kind: 'written', item: swap.item, info })) }
    }
    if (result.kind === 'refused' || result.kind === 'invalid') return result
    if (result.kind === 'lost') mayHaveLanded = true
    if (result.kind === 'denied' || result.kind === 'contended') last = result
    if (result.kind === 'denied') break
    for (const attempt of attempts) attempt.loaded = attempt.loaded && result.kind === 'contended'
  }
  return mayHaveLanded || last === undefined ? { kind: 'undecided' } : last
}
