import type { Clock } from '../clock.js'
import { emptyState, type LedgerState } from './state.js'
import type { ItemKey, LedgerItem, LedgerStore, Swap } from './store/index.js'

/** A change of one item: what to write, given what is there, or why nothing is to be written. */
export interface Change<Stop> {
  readonly key: ItemKey
  /** The item as last known, or undefined for "read it first". */
  readonly known: LedgerItem | undefined
  decide(state: LedgerState): { readonly write: LedgerState } | { readonly stop: Stop }
}

/** The change was written (`before`: the state it was decided on), was not to be, or lost to rivals in every round. */
export type Changed<Stop> =
  | { readonly kind: 'written'; readonly item: LedgerItem; readonly before: LedgerState }
  | { readonly kind: 'stopped'; readonly stop: Stop }
  | { readonly kind: 'undecided' }

/** So many times a change is decided anew: against rivals that keep winning, or a store that keeps losing answers. */
const maxRounds = 8

/** A change under way. */
interface Attempt<Stop> extends Change<Stop> {
  item: LedgerItem | undefined
  loaded: boolean
  /** Every write this change has sent: one whose answer was lost may have landed, or may land late. */
  readonly sent: Map<string, LedgerState>
  done?: Changed<Stop>
}

/**
 * The ledger's one primitive: compare-and-swap, on several items side by side, one call for all of them per round.
 *
 * When an answer is lost or the condition fails, the item tells: its last write is this change's own (it had counted), or it is
 * somebody else's, or an earlier state of one's own, and the change is decided anew on what is there (DESIGN §5).
 *
 * @throws what the store throws
 */
export async function compareAndSwap<Stop>(
  store: LedgerStore,
  clock: Clock,
  owner: string,
  changes: readonly Change<Stop>[],
): Promise<readonly Changed<Stop>[]> {
  const attempts = changes.map(
    (change): Attempt<Stop> => ({ ...change, item: change.known, loaded: change.known !== undefined, sent: new Map() }),
  )
  for (let round = 0; round < maxRounds; round++) {
    const undecided = attempts.filter(({ done }) => done === undefined)
    if (undecided.length === 0) break
    if (round > 1) await clock.sleep(clock.random() * 20 * 2 ** round)
    await loadMissing(store, undecided)
    await swapRound(store, owner, clock, undecided)
  }
  return attempts.map(({ done }) => done ?? { kind: 'undecided' })
}

async function loadMissing<Stop>(store: LedgerStore, attempts: readonly Attempt<Stop>[]): Promise<void> {
  const missing = attempts.filter(({ loaded }) => !loaded)
  if (missing.length === 0) return
  const items = await store.load(missing.map(({ key }) => key))
  for (const [i, attempt] of missing.entries()) {
    attempt.item = items[i]
    attempt.loaded = true
  }
}

async function swapRound<Stop>(
  store: LedgerStore,
  owner: string,
  clock: Clock,
  attempts: readonly Attempt<Stop>[],
): Promise<void> {
  const writing: { attempt: Attempt<Stop>; swap: Swap; before: LedgerState }[] = []
  for (const attempt of attempts) {
    const { item, sent } = attempt
    const landed = item && sent.get(item.writeId)
    if (item !== undefined && landed !== undefined) {
      attempt.done = { kind: 'written', item, before: landed }
      continue
    }
    const before = item?.state ?? emptyState
    const decision = attempt.decide(before)
    if ('stop' in decision) {
      attempt.done = { kind: 'stopped', stop: decision.stop }
      continue
    }
    const known = item?.version ?? 0
    const next: LedgerItem = { version: known + 1, writeId: `${owner}.${clock.nonce()}`, state: decision.write }
    sent.set(next.writeId, before)
    writing.push({ attempt, swap: { key: attempt.key, known, item: next }, before })
  }
  if (writing.length === 0) return
  const results = await store.swap(writing.map(({ swap }) => swap))
  for (const [i, { attempt, swap, before }] of writing.entries()) {
    const result = results[i]
    if (result?.kind === 'applied') attempt.done = { kind: 'written', item: swap.item, before }
    else {
      attempt.item = result?.kind === 'conflict' ? result.item : undefined
      attempt.loaded = attempt.item !== undefined
    }
  }
}
