import type { RawRecord } from '../../event/index.js'
import type { Item } from '../../table/index.js'
import { type Contest, contestsOf, type Entry, heirOf, ours, type Ruling, rule, theirs } from '../contest.js'
import type { Deduplicator, KeyVerdict, ScopeSettings } from '../dedupe.js'
import { longHash } from '../hash.js'
import { type Owner, ownerOf, owns, type Standing } from '../owner.js'
import { inRounds } from '../rounds.js'
import { entryOf, keepResult, keyItem, type Taken, takeKey } from './item.js'
import { type Held, heldBy, isHeld, standingsOf } from './standings.js'

/** A key of the batch with what is known of its item: presumed absent, until a write finds otherwise. */
interface Open {
  readonly contest: Contest
  readonly entry: Entry | undefined
}

/** One call of `reserve`. */
interface Reservation {
  readonly held: Held
  readonly now: number
  /** What its writes are known by. */
  readonly token: string
  readonly verdicts: Map<RawRecord, KeyVerdict>
}

/**
 * Keys of a topic in the whole group, one item each.
 *
 * The item names its owner, and whether that is settled is read from the owner's ledger: so a key is written once, and once more
 * with each delivery that runs its owner again. That confirmation keeps two records from running for one key: a duplicate that
 * takes the key from an owner that waited has read the ledger after the item; whoever claims the owner's source partition later
 * writes the item before it runs, and of the two writes one fails. A write whose answer was lost is found out by reading: the
 * item has this invocation's token, or another's, or is not there.
 */
export function groupScope(settings: ScopeSettings): Deduplicator {
  const { table, clock, group } = settings
  return {
    usage: table.usage,
    async reserve(partitions, now) {
      const reservation: Reservation = { held: heldBy(partitions), now, token: clock.nonce(), verdicts: new Map() }
      const keys = contestsOf(partitions, longHash).map((contest): Open => ({ contest, entry: undefined }))
      await inRounds(clock, keys, (open) => decide(settings, reservation, open))
      return reservation.verdicts
    },
    async keepResults(results) {
      const writes = results.map(({ record, key, result }) =>
        keepResult(keyItem(group, record.topic, longHash(key)), ownerOf(record, 0), result),
      )
      await inRounds(clock, writes, async (left) => {
        const written = await table.write(left)
        return left.filter((_, i) => written[i]?.kind === 'lost')
      })
    },
  }
}

/** A key to be written. */
interface Taking extends Open {
  readonly first: RawRecord
}

/** One round: what is ruled already is answered, what is free is taken. Answers the keys that others have, or may have. */
async function decide(settings: ScopeSettings, reservation: Reservation, open: readonly Open[]): Promise<Open[]> {
  const { table, store, group, clock } = settings
  const { held, verdicts } = reservation
  const tell = (list: readonly [RawRecord, KeyVerdict][]) => {
    for (const [record, verdict] of list) verdicts.set(record, verdict)
  }
  const owners = open.flatMap(({ entry }) => (entry === undefined ? [] : [entry.owner]))
  const standingOf = await standingsOf(store, group, held, owners, clock.now())
  const taking: Taking[] = []
  for (const { contest, entry } of open) {
    const ruling = rule(contest, entry, standingOf, reservation.now)
    if (ruling.kind === 'theirs') tell(theirs(contest, ruling))
    else if (ruling.kind === 'ours' && entry?.token === reservation.token) tell(ours(contest, ruling.first))
    else taking.push({ contest, entry, first: takerOf(contest, entry, ruling, standingOf, isHeld(held, clock.now())) })
  }
  const written = await table.write(
    taking.map(({ contest: { topic, id }, entry, first }) =>
      takeKey(keyItem(group, topic, id), entry, takenBy(first, entry, settings, reservation)),
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

/** Who takes a key that is free, or is confirmed as that of a record of this batch: by its heir, while nobody else can run it. */
function takerOf(
  contest: Contest,
  entry: Entry | undefined,
  ruling: Exclude<Ruling, { kind: 'theirs' }>,
  standingOf: (owner: Owner) => Standing,
  holds: (owner: Owner) => boolean,
): RawRecord {
  if (ruling.kind === 'free') return ruling.take
  if (entry === undefined || entry.result !== undefined || !holds(entry.owner)) return ruling.first
  return heirOf(contest, ruling.first, standingOf(entry.owner))
}

/** An owner that has the key already keeps its time to live. */
function takenBy(
  record: RawRecord,
  entry: Entry | undefined,
  { ttlMs }: ScopeSettings,
  { now, token }: Reservation,
): Taken {
  if (entry !== undefined && entry.expires > now && owns(entry.owner, record)) return { ...entry, token }
  return { owner: ownerOf(record, now), expires: now + ttlMs, token }
}

/** A key that was not taken for certain, with its item where the store returned it. */
interface Refused {
  readonly contest: Contest
  readonly item: Item | undefined
}

async function read({ table, group }: ScopeSettings, left: readonly Refused[]): Promise<Open[]> {
  const unknown = left.filter(({ item }) => item === undefined)
  const items = await table.get(unknown.map(({ contest }) => keyItem(group, contest.topic, contest.id)))
  const found = new Map(unknown.map((one, i) => [one, items[i]]))
  return left.map((one) => ({ contest: one.contest, entry: entryOf(one.item ?? found.get(one)) }))
}
