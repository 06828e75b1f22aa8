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
  // What may not run twice has one attempt.
  const engine = given.ledger.delivery === 'at-most-once' ? { ...given, policy: once(given.policy) } : given
  const account = openAccount()
  const deadline = watchDeadline(engine.clock, invocation)
  const holder = { owner: invocation.owner, deadline: engine.clock.now() + invocation.remainingMs() }
  const recorder = new Recorder(engine, holder, deadline.sinkSignal)
  const shift: Shift = { engine, invocation, holder, deadline, recorder, ...account }
  account.tally.records = batch.partitions.reduce((sum, { records }) => sum + records.length, 0)
  try {
    return { unsettled: await claimAndWork(batch.partitions, shift), ...account }
  } finally {
    deadline.end()
  }
}

const once = (policy: Policy): Policy => ({
  ...policy,
  retry: { ...policy.retry, attempts: 1 },
  hold: { maxDeliveries: 0 },
})

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
