import { MillraceError } from '../../errors.js'
import { withOriginal } from '../../redrive/index.js'
import { type Envelope, type ExactBytes, hasBytes, type Provenance } from '../../sink/envelope/index.js'
import type { Fate, InHand, RedriveTools } from './chunk.js'
import type { Outgoing } from './producer.js'
import type { Seen } from './select.js'

/** What is to be produced for an envelope. */
export interface ToProduce {
  readonly hand: InHand
  readonly record: Outgoing
}

/** The records of those that can be redriven, in their order; the fate of the others is told. */
export async function recordsOf(
  hands: readonly InHand[],
  tools: RedriveTools,
  tell: (seen: Seen, fate: Fate) => void,
): Promise<ToProduce[]> {
  const known = new Map<InHand, readonly [Provenance, ExactBytes | Error]>()
  const elsewhere = new Map<InHand, Envelope>()
  for (const hand of hands) {
    const envelope = await tools.table.envelope(hand.head).catch(unreadable)
    if (envelope instanceof Error) tell(hand.seen, { kind: 'refused', error: envelope })
    else if (hasBytes(envelope) && !envelope.notBase64) known.set(hand, [envelope, envelope])
    else {
      const fate = hasBytes(envelope) ? undefined : await fateOfAbandoned(envelope, tools)
      if (fate) tell(hand.seen, fate)
      else elsewhere.set(hand, envelope)
    }
  }
  const read = elsewhere.size > 0 ? await tools.readRecords([...elsewhere.values()]) : undefined
  for (const [hand, envelope] of elsewhere) {
    const found = read?.get(envelope)
    if (found) known.set(hand, [envelope, found])
  }
  const records: ToProduce[] = []
  for (const hand of hands) {
    const [about, bytes] = known.get(hand) ?? []
    if (!about || !bytes) continue
    const record = bytes instanceof Error ? bytes : await outgoing(about, bytes, tools)
    if (record instanceof Error) tell(hand.seen, { kind: 'refused', error: record })
    else records.push({ hand, record })
  }
  return records
}

/** What Lambda brought after all would have its effect twice: the record itself has no key that its redrive could share. */
async function fateOfAbandoned(about: Provenance, { cameAfterAll }: RedriveTools): Promise<Fate | undefined> {
  const stands = await cameAfterAll(about)
  if (stands === 'settled') return { kind: 'skipped', reason: 'it came after all, and is settled; discard it' }
  if (stands === undefined) return undefined
  const why = `the record ${about.id} came after all, and is being tried; run it again when that has ended`
  return { kind: 'refused', error: new MillraceError('ML_ENVELOPE_IN_HAND', why) }
}

/** What cannot be read concerns one envelope; what the table fails with concerns all. */
function unreadable(error: unknown): Error {
  if (error instanceof MillraceError && error.code.startsWith('ML_ENVELOPE_')) return error
  throw error
}

async function outgoing(
  about: Provenance,
  bytes: ExactBytes,
  { redriver, to, group = about.group, unread }: RedriveTools,
): Promise<Outgoing | Error> {
  const topic = to ?? about.topic
  const lost = topic === about.topic ? unread(topic, group) : undefined
  if (lost !== undefined) return lost
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
    headers: withOriginal(bytes.headers, { ...about, group }),
  }
}
