import type { Clock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import type { Provenance } from '../../sink/envelope/index.js'
import type { Redriver } from './producer.js'
import { recordsOf } from './records.js'
import type { Seen } from './select.js'
import type { ReadRecords } from './source.js'
import { type FailuresTable, type Item, isEnded } from './table.js'

/** How long an envelope stays in hand of who is gone, in milliseconds. */
export const leaseMs = 30_000

/** What became of one envelope. */
export type Fate =
  /** Produced, and taken out of the table. */
  | { readonly kind: 'redriven' }
  /** A command before this one had produced or discarded it, and was cut off; now it is out of the table. */
  | { readonly kind: 'finished' }
  /** Not produced, for there is no need to; it stays. */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Not produced, or not taken out of the table. */
  | { readonly kind: 'refused'; readonly error: Error }

/** What a redrive works with. */
export interface RedriveTools {
  readonly table: FailuresTable
  readonly redriver: Redriver
  readonly readRecords: ReadRecords
  /** Whether the ledger has a record that was abandoned as settled since, or as tried since. */
  readonly cameAfterAll: (about: Provenance) => Promise<'settled' | 'unsettled' | undefined>
  readonly clock: Clock
  /** Who has envelopes in hand: a text that nobody else has drawn. */
  readonly owner: string
  /** A topic in place of the original one. */
  readonly to: string | undefined
  /** A group in place of the one that gave them up. */
  readonly group: string | undefined
  /** Why a redrive of a topic for a group would reach nobody; undefined where it is read, or that is not known. */
  readonly unread: (topic: string, group: string) => Error | undefined
  /** Nothing is changed and nothing produced, but all is looked at. */
  readonly dryRun: boolean
}

export interface InHand {
  readonly seen: Seen
  readonly head: Item
}

/** What became of envelopes, told as it is known. */
export type Fates = Map<Seen, Fate>

/**
 * Redrives some envelopes: takes them in hand, produces their records, and takes each out of the table once its produce is
 * acknowledged. Whatever it dies of, and wherever: nothing is lost, and the same again goes on where it was.
 *
 * @param fates gets what became of each, also of those before a failure
 * @throws MillraceError where the table or Kafka fails; what was in hand is given out of it, where that still works
 */
export async function redriveChunk(chunk: readonly Seen[], tools: RedriveTools, fates: Fates): Promise<void> {
  const hands: InHand[] = []
  try {
    await each(chunk, async (seen) => {
      const head = await take(seen, tools, fates)
      if (head) hands.push({ seen, head })
    })
    // In the order of the list: that of a partition's offsets.
    hands.sort((a, b) => chunk.indexOf(a.seen) - chunk.indexOf(b.seen))
    const records = await recordsOf(hands, tools, (seen, fate) => fates.set(seen, fate))
    const answers = tools.dryRun ? [] : await tools.redriver.produce(records.map(({ record }) => record))
    await each([...records.entries()], async ([i, { hand }]) => {
      const error = answers[i]
      fates.set(hand.seen, error ? { kind: 'refused', error } : await remove(hand, 'redriven', tools))
    })
    const isLeft = ({ seen }: InHand): boolean => ['skipped', 'refused'].includes(fates.get(seen)?.kind ?? '')
    await giveBack(hands.filter(isLeft), tools)
  } catch (error) {
    // Where this fails too, for the same reason, the lease ends by itself.
    await giveBack(hands, tools).catch(() => undefined)
    throw error
  }
}

/** Side by side, and to the end of all of them. @throws the first error */
export async function each<T>(list: readonly T[], call: (one: T) => Promise<unknown>): Promise<void> {
  const ended = await Promise.allSettled(list.map(call))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

/** The head, now in hand; undefined where its fate is known. */
async function take(seen: Seen, tools: RedriveTools, fates: Fates): Promise<Item | undefined> {
  const { table, clock, owner, dryRun } = tools
  const head = await (dryRun ? table.head(seen.key) : table.claim(seen, owner, clock.now() + leaseMs))
  if (head === undefined) fates.set(seen, await notTaken(seen, tools))
  else if (isEnded(head)) fates.set(seen, await remove({ seen, head }, 'finished', tools))
  else return head
  return undefined
}

/** Why it could not be taken in hand. */
export async function notTaken(
  { id, key }: Seen,
  { table, clock }: Pick<RedriveTools, 'table' | 'clock'>,
): Promise<Fate> {
  const head = await table.head(key)
  if (head === undefined) return { kind: 'skipped', reason: 'it is gone: another command was quicker' }
  const until = Number(head.redriverUntil?.N ?? 0)
  const inHand = until >= clock.now()
  const why = inHand
    ? `another command has the envelope of ${id} in hand until ${new Date(until).toISOString()}; run it again then`
    : `the envelope of ${id} was written anew since it was listed; look at it, and run it again`
  return { kind: 'refused', error: new MillraceError('ML_ENVELOPE_IN_HAND', why) }
}

async function remove({ seen, head }: InHand, kind: 'redriven' | 'finished', tools: RedriveTools): Promise<Fate> {
  if (tools.dryRun || (await tools.table.remove({ ...seen, head }, tools.owner))) return { kind }
  const why = `the envelope of ${seen.id} was written anew while it was redriven; it stays, and goes again with the next redrive`
  return { kind: 'refused', error: new MillraceError('ML_ENVELOPE_IN_HAND', why) }
}

async function giveBack(hands: readonly InHand[], { table, owner, dryRun }: RedriveTools): Promise<void> {
  if (!dryRun) await each(hands, ({ seen }) => table.release(seen, owner))
}
