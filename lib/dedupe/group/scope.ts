import type { RawRecord } from '../../event/index.js'
import type { Item } from '../../table/index.js'
import { type Contest, contestsOf, type Entry, ours, rule, theirs } from '../contest.js'
import type { Deduplicator, KeyVerdict, ScopeSettings } from '../dedupe.js'
import { longHash } from '../hash.js'
import { ownerOf } from '../owner.js'
import { inRounds } from '../rounds.js'
import { entryOf, keepResult, keyItem, takeKey } from './item.js'
import { type Held, heldBy, standingsOf } from './standings.js'

/** A key of the batch with what is known of its item: presumed absent, until a write finds otherwise. */
interface Open {
  readonly contest: Contest
  readonly entry: Entry | undefined
}

/** One call of `reserve`. */
interface Reservation {
  readonly held: Held
  readonly now: number
  readonly verdicts: Map<RawRecord, KeyVerdict>
}

/**
 * Keys of the whole group, one item each.
 *
 * The item names its owner, and whether that is settled is read from the owner's ledger: so a key is written once. A write
 * whose answer was lost is found out by reading: the item names this record, or another one, or is not there.
 */
export function groupScope(settings: ScopeSettings): Deduplicator {
  const { table, clock, group } = settings
  return {
    usage: table.usage,
    async reserve(partitions, now) {
      const reservation: Reservation = { held: heldBy(partitions), now, verdicts: new Map() }
      const keys = contestsOf(partitions, longHash).map((contest): Open => ({ contest, entry: undefined }))
      await inRounds(clock, keys, (open) => decide(settings, reservation, open))
      return reservation.verdicts
    },
    async keepResults(results) {
      const writes = results.map(({ record, key, result }) =>
        keepResult(keyItem(group, longHash(key)), ownerOf(record, 0), result),
      )
      await inRounds(clock, writes, async (left) => {
        const written = await table.write(left)
        return left.filter((_, i) => written[i]?.kind === 'lost')
      })
    },
  }
}

/** One round: what is ruled already is answered, what is free is taken. Answers the keys that others have, or may have. */
async function decide(settings: ScopeSettings, reservation: Reservation, open: readonly Open[]): Promise<Open[]> {
  const { table, store, group, ttlMs } = settings
  const { held, now, verdicts } = reservation
  const tell = (list: readonly [RawRecord, KeyVerdict][]) => {
    for (const [record, verdict] of list) verdicts.set(record, verdict)
  }
  const owners = open.flatMap(({ entry }) => (entry === undefined ? [] : [entry.owner]))
  const standingOf = await standingsOf(store, group, held, owners, now)
  const taking: (Open & { readonly first: RawRecord })[] = []
  for (const { contest, entry } of open) {
    const ruling = rule(contest, entry, standingOf, now)
    if (ruling.kind === 'free') taking.push({ contest, entry, first: ruling.take })
    else tell(ruling.kind === 'ours' ? ours(contest, ruling.first) : theirs(contest, ruling))
  }
  const written = await table.write(
    taking.map(({ contest, entry, first }) =>
      takeKey(keyItem(group, contest.id), entry, ownerOf(first, now), now + ttlMs),
    ),
  )
  const left: Refused[] = []
  for (const [i, { contest, first }] of taking.entries()) {
    const result = written[i]
    if (result?.kind === 'applied') tell(ours(contest, first))
    else left.push({ contest, item: result?.kind === 'conflict' ? result.item : undefined })
  }
  return read(settings, left)
}

/** A key that was not taken for certain, with its item where the store returned it. */
interface Refused {
  readonly contest: Contest
  readonly item: Item | undefined
}

async function read({ table, group }: ScopeSettings, left: readonly Refused[]): Promise<Open[]> {
  const unknown = left.filter(({ item }) => item === undefined)
  const items = await table.get(unknown.map(({ contest }) => keyItem(group, contest.id)))
  const found = new Map(unknown.map((one, i) => [one, items[i]]))
  return left.map((one) => ({ contest: one.contest, entry: entryOf(one.item ?? found.get(one)) }))
}
