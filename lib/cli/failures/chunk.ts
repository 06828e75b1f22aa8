import type { Clock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import type { Header } from '../../event/index.js'
import { type Envelope, type ExactBytes, hasBytes, type Provenance } from '../../sink/envelope/index.js'
import type { Outgoing, Redriver } from './producer.js'
import type { ReadRecords } from './source.js'
import type { Seen } from './select.js'
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
  /** Whether the ledger has the record as settled. */
  readonly isSettled: (about: Provenance) => Promise<boolean>
  readonly clock: Clock
  /** Who has envelopes in hand: a text that nobody else has drawn. */
  readonly owner: string
  /** A topic in place of the original one. */
  readonly to: string | undefined
  /** Nothing is changed and nothing produced, but all is looked at. */
  readonly dryRun: boolean
}

interface InHand {
  readonly listed: Seen
  readonly head: Item
}

type Fates = Map<Seen, Fate>

/**
 * Redrives some envelopes: takes them in hand, produces their records, and takes each out of the table once its produce is
 * acknowledged. Whatever it dies of, and wherever: nothing is lost, and the same again goes on where it was.
 *
 * @throws MillraceError where the table or Kafka fails; what was in hand is given out of it, where that still works
 */
export async function redriveChunk(chunk: readonly Seen[], tools: RedriveTools): Promise<Fates> {
  const fates: Fates = new Map()
  const hands = (await Promise.all(chunk.map((listed) => take(listed, tools, fates)))).filter(
    (one) => one !== undefined,
  )
  try {
    const records = await recordsOf(hands, tools, fates)
    const answers = tools.dryRun
      ? records.map(() => undefined)
      : await tools.redriver.produce(records.map(([, record]) => record))
    const produced = records.flatMap(([hand], i) => {
      const error = answers[i]
      if (error !== undefined) fates.set(hand.listed, { kind: 'refused', error })
      return error === undefined ? [hand] : []
    })
    await Promise.all(produced.map(async (hand) => fates.set(hand.listed, await remove(hand, 'redriven', tools))))
    await giveBack(
      hands.filter(({ listed }) => ['skipped', 'refused'].includes(fates.get(listed)?.kind ?? '')),
      tools,
    )
    return fates
  } catch (error) {
    // Where this fails too, for the same reason, the lease ends by itself.
    await giveBack(hands, tools).catch(() => undefined)
    throw error
  }
}

async function take(listed: Seen, tools: RedriveTools, fates: Fates): Promise<InHand | undefined> {
  const { table, clock, owner, dryRun } = tools
  const head = await (dryRun ? table.head(listed.key) : table.claim(listed, owner, clock.now() + leaseMs))
  if (head !== undefined && !isEnded(head)) return { listed, head }
  if (head !== undefined)
    fates.set(listed, dryRun ? { kind: 'finished' } : await remove({ listed, head }, 'finished', tools))
  else fates.set(listed, await notTaken(listed, tools))
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

async function remove({ listed, head }: InHand, kind: 'redriven' | 'finished', tools: RedriveTools): Promise<Fate> {
  if (tools.dryRun || (await tools.table.remove({ ...listed, head }, tools.owner))) return { kind }
  const why = `the envelope of ${listed.id} was written anew while it was redriven; it stays, and goes again with the next redrive`
  return { kind: 'refused', error: new MillraceError('ML_ENVELOPE_IN_HAND', why) }
}

async function giveBack(hands: readonly InHand[], { table, owner, dryRun }: RedriveTools): Promise<void> {
  if (!dryRun) await Promise.all(hands.map(({ listed }) => table.release(listed, owner)))
}

/** What cannot be read concerns one envelope; what the table fails with concerns all. */
function unreadable(error: unknown): Error {
  if (error instanceof MillraceError && error.code.startsWith('ML_ENVELOPE_')) return error
  throw error
}

/** The records of those that can be redriven; of the others, why not. */
async function recordsOf(hands: readonly InHand[], tools: RedriveTools, fates: Fates): Promise<[InHand, Outgoing][]> {
  const known = new Map<InHand, [Provenance, ExactBytes]>()
  const elsewhere: [InHand, Envelope][] = []
  const refuse = ({ listed }: InHand, error: Error) => fates.set(listed, { kind: 'refused', error })
  for (const hand of hands) {
    const envelope = await tools.table.envelope(hand.head).catch(unreadable)
    if (envelope instanceof Error) refuse(hand, envelope)
    else if (hasBytes(envelope) && !envelope.notBase64) known.set(hand, [envelope, envelope])
    else if (!hasBytes(envelope) && (await tools.isSettled(envelope)))
      fates.set(hand.listed, { kind: 'skipped', reason: 'it came after all, and is settled; discard it' })
    else elsewhere.push([hand, envelope])
  }
  const read = elsewhere.length > 0 ? await tools.readRecords(elsewhere.map(([, envelope]) => envelope)) : new Map()
  for (const [hand, envelope] of elsewhere) {
    const bytes: ExactBytes | Error | undefined = read.get(envelope)
    if (bytes instanceof Error) refuse(hand, bytes)
    else if (bytes) known.set(hand, [envelope, bytes])
  }
  const records: [InHand, Outgoing][] = []
  // In the order of the list: that of a partition's offsets.
  for (const hand of hands) {
    const [about, bytes] = known.get(hand) ?? []
    if (!about || !bytes) continue
    const record = await outgoing(about, bytes, tools)
    if (record instanceof Error) refuse(hand, record)
    else records.push([hand, record])
  }
  return records
}

async function outgoing(
  about: Provenance,
  bytes: ExactBytes,
  { redriver, to }: RedriveTools,
): Promise<Outgoing | Error> {
  const topic = to ?? about.topic
  const partitions = await redriver.partitions(topic)
  if (partitions === 0)
    return new MillraceError(
      'ML_LOCAL_TOPIC_MISSING',
      `there is no topic ${topic}; create it, or redrive to another with --to`,
    )
  return {
    ...{ topic, key: bytes.key, value: bytes.value },
    // Where it was; a topic that was made anew may have fewer.
    partition: topic === about.topic && about.partition < partitions ? about.partition : undefined,
    headers: withOrigin(bytes.headers, about, topic),
  }
}

/**
 * The headers, and where the record comes from. What an earlier redrive said of that gives way: the record that it made failed
 * itself, under the offset that it has. On another topic the record is anybody's: no group is named.
 */
function withOrigin(headers: readonly Header[], about: Provenance, to: string): Header[] {
  const origin = (['topic', 'partition', 'offset', 'timestamp', 'group'] as const).map((name) => ({
    key: `x-original-${name}`,
    value: Buffer.from(String(about[name])),
  }))
  return [
    ...headers.filter(({ key }) => !origin.some((one) => one.key === key)),
    ...origin.slice(0, to === about.topic ? undefined : -1),
  ]
}
