import type { Batch, PartitionBatch, Unsettled } from '../event/index.js'
import type { Busy } from '../ledger/index.js'
import { type Account, openAccount } from './account.js'
import { watchDeadline } from './deadline.js'
import type { Engine, Invocation } from './engine.js'
import { Hold } from './hold.js'
import type { Policy } from './policy.js'
import { Recorder } from './recorder.js'
import { type Shift, work } from './work.js'

/** What became of a batch. */
export interface Processed extends Account {
  /** All records that have to come again, by source partition. */
  readonly unsettled: readonly Unsettled[]
}

/**
 * The way of a batch: claim, skip what is settled, run, have the sink acknowledge, settle (DESIGN §3).
 *
 * @throws MillraceError of the ledger's store, or the breach of contract that fails the batch and settles nothing (rule 9)
 */
export async function processBatch(batch: Batch, given: Engine, invocation: Invocation): Promise<Processed> {
  const engine = { ...given, policy: policyFor(given, invocation) }
  const account = openAccount(batch.partitions.reduce((sum, { records }) => sum + records.length, 0))
  const deadline = watchDeadline(engine.clock, invocation)
  const holder = { owner: invocation.owner, deadline: engine.clock.now() + invocation.remainingMs() }
  const recorder = new Recorder(engine, holder, deadline.sinkSignal)
  const shift: Shift = {
    engine,
    invocation,
    holder,
    deadline,
    recorder,
    leftUntil: Number.POSITIVE_INFINITY,
    fallbackUntil: Number.POSITIVE_INFINITY,
    ...account,
  }
  try {
    const unsettled = await claimAndWork(batch.partitions, shift)
    await idle(shift)
    return { unsettled, ...account }
  } finally {
    deadline.end()
  }
}

function policyFor({ policy, ledger }: Engine, { remainingMs }: Invocation): Policy {
  const { retry } = policy
  // What may not run twice has one attempt.
  if (ledger.delivery === 'at-most-once')
    return { ...policy, retry: { ...retry, attempts: 1 }, hold: { maxDeliveries: 0 } }
  // Without an end there is no time to wait in (a plain unit test): what fails is due with the next delivery.
  return Number.isFinite(remainingMs()) ? policy : { ...policy, retry: { ...retry, intervalMs: 0 } }
}

/**
 * Where something is not due yet, the invocation lasts until it is, or until its reserve: Lambda would deliver it again at once,
 * for nothing. All else is settled by then.
 */
async function idle({ engine: { clock, log }, deadline, ...shift }: Shift): Promise<void> {
  // What is left for its own sake comes first: it would be delivered for nothing.
  const leftUntil = Number.isFinite(shift.leftUntil) ? shift.leftUntil : shift.fallbackUntil
  const waitMs = Math.min(leftUntil, deadline.lastStart) - clock.now()
  if (leftUntil === Number.POSITIVE_INFINITY || deadline.lastStart === Number.POSITIVE_INFINITY || waitMs <= 0) return
  log.info('waits: what is left is not due yet', { waitMs, notBefore: leftUntil })
  await clock.sleep(waitMs)
}

async function claimAndWork(partitions: readonly PartitionBatch[], shift: Shift): Promise<Unsettled[]> {
  const { engine, invocation, holder, recorder, tally, sources } = shift
  const unsettled: Unsettled[] = []
  let waiting = partitions
  while (waiting.length > 0) {
    const claims = await engine.ledger.claim(waiting, holder)
    const claimed = claims.filter((one) => one.kind === 'claimed')
    const busy = claims.filter((one) => one.kind === 'busy')
    // What is settled as one is claimed as one.
    if (engine.atomicity === 'batch' && busy.length > 0) {
      const holds = claimed.map((one) => new Hold(one, engine.order))
      await recorder.giveBack(holds)
    } else {
      if (claimed.length > 0) unsettled.push(...(await work(claimed, shift)))
      waiting = busy.map(({ partition }) => partition)
    }
    if (busy.length > 0 && !(await leaseEnds(busy, engine, invocation))) {
      for (const { identifier, partition, records } of waiting) {
        unsettled.push({ identifier, offsets: records.map(({ offset }) => offset) })
        tally.pending += records.length
        sources.push({ partition, records: records.length, ok: 0 })
      }
      return unsettled
    }
  }
  return unsettled
}

/** Waits for the first lease to end, with jitter, if the invocation has the time; whoever holds it may settle before. */
async function leaseEnds(busy: readonly Busy[], { clock, log }: Engine, invocation: Invocation): Promise<boolean> {
  const lease = Math.max(0, Math.min(...busy.map(({ leaseEnd }) => leaseEnd)) - clock.now())
  const wait = lease + Math.ceil(clock.random() * 250)
  const waits = invocation.remainingMs() - invocation.reserveMs > wait
  const fields = { partitions: busy.map(({ partition }) => partition.identifier), waitMs: wait, waits }
  log.info('busy: another invocation holds the lease', fields)
  if (waits) await clock.sleep(wait)
  return waits
}
