import type { LedgerItem, LedgerState } from '../../ledger/index.js'
import { isCovered } from '../../ledger/index.js'
import { emptyState } from '../../ledger/state.js'
import { ownerOf, type Shift, showEntry } from './history.js'
import { overtaken } from './lanes.js'
import { hasOutput } from './outputs.js'
import type { Simulation } from './simulation.js'
import type { OnWrite } from './tables.js'
import { type Entry, effectOf } from './truth.js'

interface Write {
  readonly pk: string
  readonly before: LedgerState
  readonly after: LedgerState
  readonly shift: Shift
  /** The owner takes the partition with this write. */
  readonly isClaim: boolean
  /** It begins a new incarnation: the former state is put aside. */
  readonly isNew: boolean
}

const nothing: ReadonlySet<Entry> = new Set()

/** Checks every write of a ledger item as it is applied. */
export function onWrite(simulation: Simulation): OnWrite {
  const { history } = simulation
  return ({ pk, sk }, before, after) => {
    if (sk !== 'ledger') {
      history.aside.add(`${pk} ${after.version}`)
      return
    }
    history.items.set(pk, after)
    const shift = history.shifts.get(ownerOf(after))
    if (shift === undefined) return history.breach('every write is somebody’s', () => after.writeId)
    const states = { before: before?.state ?? emptyState, after: after.state }
    const isClaim = states.before.claim?.owner !== shift.owner
    const isNew = isClaim && before !== undefined && history.aside.has(`${pk} ${before.version}`)
    const write = { pk, shift, ...states, isClaim, isNew }
    rightful(simulation, write, before, after)
    if (simulation.world.delivery === 'at-least-once') {
      evidence(simulation, write)
      confirmed(simulation, write)
      remembered(simulation, write)
      accounted(simulation, write)
    }
    recorded(simulation, write)
  }
}

/** Rule 4. */
function rightful(
  { history, scheduler }: Simulation,
  write: Write,
  before: LedgerItem | undefined,
  after: LedgerItem,
): void {
  const { shift, isClaim } = write
  const former = write.before.claim
  const breach = (why: string) => history.breach('a stale invocation changes nothing', () => `${shift.owner} ${why}`)
  if (after.version !== (before?.version ?? 0) + 1) breach(`wrote version ${after.version} over ${before?.version}`)
  if (isClaim && write.after.claim?.owner !== shift.owner) breach('wrote without a claim')
  if (isClaim && former !== null && former.leaseEnd > scheduler.now) breach(`took the living lease of ${former.owner}`)
}

/** What a crash leaves stays until the records were run or found settled; a claim repeated is no crash (rule 7). */
function evidence({ history }: Simulation, { pk, before, after, shift, isClaim, isNew }: Write): void {
  if (isNew) return
  const former = before.claim
  const entries = history.entriesOf(pk, shift.incarnation)
  if (isClaim && former !== null) {
    const { crashed } = after
    const lost = entries.find(
      ({ offset }) => isCovered([former.inFlight], offset) && !(crashed && isCovered([crashed], offset)),
    )
    if (lost !== undefined) history.breach('a crash is remembered', () => showEntry(lost))
    const { marker } = former
    const alone =
      marker !== null && marker.from === marker.to ? entries.find(({ offset }) => offset === marker.from) : undefined
    if (alone !== undefined) alone.deaths++
  } else if (after.crashed !== null && !(before.crashed && covers(before.crashed, after.crashed))) {
    history.breach('one’s own claim is no crash', () => shift.owner)
  }
  const batch = shift.batch.get(pk)
  const isStill = (offset: number) => after.crashed !== null && isCovered([after.crashed], offset)
  const forgotten = entries.find(
    (entry) =>
      before.crashed !== null &&
      isCovered([before.crashed], entry.offset) &&
      !isStill(entry.offset) &&
      batch?.has(entry.offset) &&
      !isCovered(after.settled, entry.offset) &&
      !after.open.some(({ offset }) => offset === entry.offset),
  )
  if (forgotten !== undefined)
    history.breach('evidence of a crash stays until it is cleared', () => showEntry(forgotten))
}

const covers = (outer: { from: number; to: number }, inner: { from: number; to: number }) =>
  outer.from <= inner.from && outer.to >= inner.to

/** An overlap with what is settled is confirmed by a fingerprint or by continuity; else it is forgotten (DESIGN §5). */
function confirmed({ history, scheduler }: Simulation, { pk, before, after, shift, isClaim, isNew }: Write): void {
  if (!isClaim || isNew || shift.waited) return
  const batch = [...(shift.batch.get(pk)?.values() ?? [])]
  const expected = [...before.reported, ...(before.claim === null ? [] : [before.claim.inFlight])]
  const prints = [...before.settled.flatMap(({ anchors }) => anchors), ...before.open]
  const isPast = ({ timestamp }: Entry) => timestamp <= scheduler.now + 600_000
  const isKnown = (entry: Entry) =>
    isPast(entry) && prints.some(({ offset, timestamp }) => offset === entry.offset && timestamp === entry.timestamp)
  if (batch.some(isKnown)) return
  const doubtful = batch.find(
    ({ offset }) =>
      isCovered(before.settled, offset) &&
      isCovered(after.settled, offset) &&
      !expected.some((range) => isCovered([range], offset)),
  )
  if (doubtful !== undefined) history.breach('what is doubtful is run again', () => showEntry(doubtful))
}

/** What was settled or open stays known, but for what the bound or a doubt makes forgotten, and for another incarnation. */
function remembered({ history, world }: Simulation, write: Write): void {
  const { pk, before, after, shift, isClaim, isNew } = write
  if (isNew) history.count('new incarnations')
  else if (after.delivered < before.delivered) history.breach('a former incarnation is put aside', () => pk)
  for (const entry of history.entriesOf(pk, shift.incarnation)) {
    const { offset } = entry
    if (!entry.settled || !isCovered(before.settled, offset) || isCovered(after.settled, offset)) continue
    entry.forgotten++
    entry.runsThisLife = 0
    if (isClaim) doubted(write, entry)
    else if (shift.batch.get(pk)?.has(offset))
      history.breach('the batch in hand is not forgotten', () => showEntry(entry))
    else history.count('forgotten by the bound')
  }
  // A new incarnation may be recognised late; what was tried of it by then is tried anew.
  for (const { offset, timestamp, attempts } of isNew ? [] : before.open) {
    const entry = history
      .entriesOf(pk, shift.incarnation)
      .find((one) => one.offset === offset && one.timestamp === timestamp)
    const still = after.open.find((one) => one.offset === offset && one.timestamp === timestamp)
    if (entry === undefined || isCovered(after.settled, offset)) continue
    if (still === undefined && !entry.abandoned)
      history.breach('open records are not forgotten', () => showEntry(entry))
    if (still !== undefined && still.attempts < attempts && entry.plan.kind !== 'poison')
      history.breach('attempts are not forgotten', () => showEntry(entry))
  }

  function doubted({ shift: { anew, batch } }: Write, entry: Entry): void {
    history.count(isNew ? 'false incarnations' : 'forgotten in doubt')
    // A retry is known by what was reported; a timestamp in the future never confirms.
    if (!anew && !history.overlapped && batch.get(pk)?.has(entry.offset) && world.timestamps !== 'odd')
      history.breach('a retried batch is recognised', () => showEntry(entry))
  }
}

/** Who gives a claim back has said of each record of its batch what became of it. */
function accounted({ history }: Simulation, { pk, before, after, shift }: Write): void {
  if (before.claim?.owner !== shift.owner || after.claim !== null) return
  const known = [...after.settled, ...after.open.map(({ offset }) => ({ from: offset, to: offset })), ...after.pending]
  for (const entry of shift.batch.get(pk)?.values() ?? []) {
    if (!known.some((range) => isCovered([range], entry.offset)))
      history.breach('what is given back is settled, open or pending', () => showEntry(entry))
  }
}

/** Nothing is settled before it is done (rule 1), and only provable holes are filled (rule 3). */
function recorded({ history, tables, world }: Simulation, { pk, before, after, shift }: Write): void {
  const entries = history.entriesOf(pk, shift.incarnation)
  for (const entry of entries) {
    if (after.claim?.owner === shift.owner && shift.batch.get(pk)?.has(entry.offset)) entry.claimed = true
    const effects = world.atomic ? (tables.counters.get(`effects ${effectOf(entry)}`) ?? 0) : 0
    if (effects > 1 + entry.forgotten) {
      history.breach('no effect is made twice', () => `${showEntry(entry)} ${effects} times`)
    }
    if (effects > entry.forgotten && !isCovered(after.settled, entry.offset))
      history.breach('effects are made with the settle of their record', () => showEntry(entry))
    if (isCovered(before.settled, entry.offset) || !isCovered(after.settled, entry.offset)) continue
    entry.settled = true
    if (world.delivery === 'at-most-once') continue
    const isHandled = (world.atomic ? effects > 0 : entry.handled) && (!world.outputs || hasOutput(entry))
    const isDone = entry.landed || entry.dropped || isHandled
    if (!isDone) history.breach('nothing is settled before it is done', () => `${showEntry(entry)} by ${shift.owner}`)
    const ahead = overtaken(entry, entries, after, nothing, world, history)
    if (ahead !== undefined)
      history.breach('lanes are settled in order', () => `${showEntry(entry)} before ${showEntry(ahead)}`)
  }
}
