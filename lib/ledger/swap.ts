import type { Clock } from '../clock.js'
import { emptyState, type LedgerState } from './state.js'
import { asideKey, type ItemKey, type LedgerItem, type LedgerStore, type Swap } from './store/index.js'

/** What a change makes of the state it meets: the state to write, with what its caller wants to know of it; or why not. */
export type Decision<Info, Stop> =
  | {
      readonly write: LedgerState
      readonly info: Info
      /** Keep the state as it was in an item of its own, before it is replaced. */
      readonly putAside?: boolean
    }
  | { readonly stop: Stop }

/** A change of one item. */
export interface Change<Info, Stop> {
  readonly key: ItemKey
  /** The item as last known, or undefined for "read it first". */
  readonly known: LedgerItem | undefined
  decide(state: LedgerState): Decision<Info, Stop>
}

/** The change was written, was not to be, or lost to rivals in every round. */
export type Changed<Info, Stop> =
  | { readonly kind: 'written'; readonly item: LedgerItem; readonly info: Info }
  | { readonly kind: 'stopped'; readonly stop: Stop }
  | { readonly kind: 'undecided' }

/** So many times a change is decided anew: against rivals that keep winning, or a store that keeps losing answers. */
export const maxRounds = 8

/** A change under way. */
export interface Attempt<Info, Stop> extends Change<Info, Stop> {
  item: LedgerItem | undefined
  loaded: boolean
  /** Every write this change has sent: one whose answer was lost may have landed, or may land late. */
  readonly sent: Map<string, Info>
  done?: Changed<Info, Stop>
}

/** An attempt with the write it is about to make. */
export interface Writing<Info, Stop> {
  readonly attempt: Attempt<Info, Stop>
  readonly swap: Swap
  readonly info: Info
  readonly aside: Swap | undefined
}

/**
 * The ledger's one primitive: compare-and-swap, on several items side by side, one call for all of them per round.
 *
 * When an answer is lost or the condition fails, the item tells: its last write is this change's own (it had counted), or it is
 * somebody else's, or an earlier state of one's own, and the change is decided anew on what is there (DESIGN §5).
 *
 * @throws what the store throws
 */
export async function compareAndSwap<Info, Stop>(
  store: LedgerStore,
  clock: Clock,
  owner: string,
  changes: readonly Change<Info, Stop>[],
): Promise<readonly Changed<Info, Stop>[]> {
  const attempts = changes.map(begin)
  for (let round = 0; round < maxRounds; round++) {
    const undecided = attempts.filter(({ done }) => done === undefined)
    if (undecided.length === 0) break
    await pause(clock, round)
    await loadMissing(store, undecided)
    await swapAll(store, await putAside(store, prepare(undecided, owner, clock)))
  }
  return attempts.map(({ done }) => done ?? { kind: 'undecided' })
}

// Field by field: a spread costs more than all the rest of it, for each source partition of each write.
export const begin = <Info, Stop>({ key, known, decide }: Change<Info, Stop>): Attempt<Info, Stop> => ({
  key,
  known,
  decide,
  item: known,
  loaded: known !== undefined,
  sent: new Map(),
})

/** Before the first repeat none: an answer may just have been lost. */
export async function pause(clock: Clock, round: number): Promise<void> {
  if (round > 1) await clock.sleep(Math.ceil(clock.random() * 20 * 2 ** round))
}

export async function loadMissing<Info, Stop>(
  store: LedgerStore,
  attempts: readonly Attempt<Info, Stop>[],
): Promise<void> {
  const missing = attempts.filter(({ loaded }) => !loaded)
  if (missing.length === 0) return
  const items = await store.load(missing.map(({ key }) => key))
  for (const [i, attempt] of missing.entries()) {
    attempt.item = items[i]
    attempt.loaded = true
  }
}

/** Decides each attempt on the item it knows: done, or the write to make. */
export function prepare<Info, Stop>(
  attempts: readonly Attempt<Info, Stop>[],
  owner: string,
  clock: Clock,
): Writing<Info, Stop>[] {
  return attempts.flatMap((attempt): Writing<Info, Stop>[] => {
    const { item, sent, key } = attempt
    if (item !== undefined && sent.has(item.writeId)) {
      attempt.done = { kind: 'written', item, info: sent.get(item.writeId) as Info }
      return []
    }
    const decision = attempt.decide(item?.state ?? emptyState)
    if ('stop' in decision) {
      attempt.done = { kind: 'stopped', stop: decision.stop }
      return []
    }
    const known = item?.version ?? 0
    const { write, info, putAside } = decision
    const next: LedgerItem = { version: known + 1, writeId: `${owner}.${clock.nonce()}`, state: write }
    sent.set(next.writeId, info)
    const aside = putAside && item !== undefined ? { key: asideKey(key, known), known: 0, item } : undefined
    return [{ attempt, swap: { key, known, item: next }, info, aside }]
  })
}

/**
 * Keeps states that are about to be replaced for good, each under its version, which is never used again: so a repeat finds
 * it there. Answers the writes that may go on; the others are decided anew.
 */
async function putAside<Info, Stop>(
  store: LedgerStore,
  writing: readonly Writing<Info, Stop>[],
): Promise<readonly Writing<Info, Stop>[]> {
  const asides = writing.flatMap(({ aside }) => (aside === undefined ? [] : [aside]))
  if (asides.length === 0) return writing
  const results = await store.swap(asides)
  const lost = new Set(asides.filter((_, i) => results[i]?.kind === 'lost'))
  for (const { attempt, aside } of writing) if (aside !== undefined && lost.has(aside)) attempt.loaded = false
  return writing.filter(({ aside }) => aside === undefined || !lost.has(aside))
}

async function swapAll<Info, Stop>(store: LedgerStore, writing: readonly Writing<Info, Stop>[]): Promise<void> {
  if (writing.length === 0) return
  const results = await store.swap(writing.map(({ swap }) => swap))
  for (const [i, { attempt, swap, info }] of writing.entries()) {
    const result = results[i]
    if (result?.kind === 'applied') attempt.done = { kind: 'written', item: swap.item, info }
    else {
      attempt.item = result?.kind === 'conflict' ? result.item : undefined
      attempt.loaded = attempt.item !== undefined
    }
  }
}
