import { type Engine, type Policy, type Processed, processBatch } from '../../engine/index.js'
import { type Batch, batchResponse, type PartitionBatch, RawRecord } from '../../event/index.js'
import { itemKey, type Ledger, openLedger } from '../../ledger/index.js'
import { Environment } from './environment.js'
import { handlerOf, hopeless } from './handler.js'
import { type Shift, showEntry } from './history.js'
import { idled } from './idled.js'
import { storeOf } from './network.js'
import { outputsOf } from './outputs.js'
import { group, type Simulation, topic } from './simulation.js'
import { sinkOf } from './sink.js'
import type { Entry } from './truth.js'
import { reserveMs, type World } from './world.js'

/** What Lambda makes of an invocation: what has to come again, or that it failed. */
export type Answer = { readonly kind: 'answered'; readonly left: ReadonlySet<Entry> } | { readonly kind: 'failed' }

interface Warm {
  readonly env: Environment
  readonly ledger: Ledger
}

/** The function as Lambda runs it: in environments that are kept, frozen, between invocations. */
export function functionOf(simulation: Simulation): (entries: readonly Entry[], anew: boolean) => Promise<Answer> {
  const { choices, scheduler, history, world } = simulation
  const { leaseMs, withholds, delivery } = world
  const idle: Warm[] = []
  let born = 0
  const create = (): Warm => {
    const env = new Environment(++born, scheduler, choices)
    const store = storeOf(simulation, env)
    return { env, ledger: openLedger({ store, clock: env.clock, group, leaseMs, withholds, delivery }) }
  }

  return (entries, anew) =>
    new Promise((resolve) => {
      const place = choices.below('mapping', idle.length + 1)
      const warm = idle.splice(idle.length - 1 - place, place === idle.length ? 0 : 1)[0] ?? create()
      const { env, ledger } = warm
      env.pausedUntil = 0
      const owner = env.clock.nonce()
      const { batch, entryOf, shift } = batchOf(entries, owner, anew, scheduler.now + world.timeoutMs - reserveMs)
      history.shifts.set(owner, shift)
      history.count('invocations')
      history.note(() => `${env.name} invoked as ${owner} with ${entries.map(showEntry).join(', ')}`)
      const end = (answer: Answer) => {
        shift.over = true
        cancel()
        history.note(
          () =>
            `${owner} ${answer.kind}${answer.kind === 'answered' ? `: left ${[...answer.left].map(showEntry)}` : ''}`,
        )
        resolve(answer)
      }
      const back = (answer: Answer) => {
        env.pausedUntil = Number.POSITIVE_INFINITY
        idle.push(warm)
        end(answer)
      }
      env.onDeath = () => {
        shift.over = true
        history.count('deaths')
        history.note(() => `${env.name} dies`)
        scheduler.after(choices.below('time', 3) * 50, () => end({ kind: 'failed' }))
      }
      const deadline = scheduler.now + world.timeoutMs
      const cancel = scheduler.after(world.timeoutMs, () => env.die())
      const engine = engineOf(simulation, env, ledger, shift, entryOf)
      const invocation = { owner, remainingMs: () => deadline - scheduler.now, reserveMs }
      processBatch(batch, engine, invocation)
        .then((processed) => {
          idled(simulation, shift)
          return env.later(choices.below('time', 3), () => answerOf(simulation, processed, batch, entries, entryOf))
        })
        .catch((error: Error) => {
          history.note(() => `${owner} throws ${error}`)
          return env.later(0, (): Answer => ({ kind: 'failed' }))
        })
        .then(back)
    })
}

function batchOf(entries: readonly Entry[], owner: string, anew: boolean, lastStart: number) {
  const records = new Map<RawRecord, Entry>()
  const parts = new Map<number, RawRecord[]>()
  const known = new Map<string, Map<number, Entry>>()
  for (const entry of entries) {
    const { partition, offset, timestamp, key } = entry
    const record = new RawRecord({
      topic,
      partition,
      offset,
      timestamp,
      timestampType: 'CREATE_TIME',
      key,
      value: null,
    })
    records.set(record, entry)
    parts.set(partition, [...(parts.get(partition) ?? []), record])
    const { pk } = itemKey(group, topic, partition)
    known.set(pk, (known.get(pk) ?? new Map<number, Entry>()).set(offset, entry))
  }
  const partitions = [...parts].map(
    ([partition, list]): PartitionBatch => ({ identifier: `${topic}-${partition}`, topic, partition, records: list }),
  )
  const batch: Batch = { topic, partitions }
  const incarnation = entries[0]?.incarnation ?? 0
  const begun = { resolved: new Set<Entry>(), ran: new Set<Entry>(), spent: new Map(), waited: false, over: false }
  const shift: Shift = { owner, incarnation, batch: known, anew, lastStart, ...begun }
  return { batch, shift, entryOf: (record: RawRecord) => records.get(record) as Entry }
}

function engineOf(
  simulation: Simulation,
  env: Environment,
  ledger: Ledger,
  shift: Shift,
  entryOf: (record: RawRecord) => Entry,
): Engine {
  const { world, history } = simulation
  const { order, concurrency, atomicity, recordTimeoutMs, checkpointRecords, partialResponses } = world
  const line = (message: string, fields: Record<string, unknown>) => {
    if (message.startsWith('busy')) shift.waited = true
    history.note(() => `${env.name} logs ${message} ${JSON.stringify({ ...fields, error: undefined })}`)
  }
  return {
    policy: policyOf(world),
    ...{ order, concurrency, atomicity, recordTimeoutMs, checkpointRecords, partialResponses },
    ...{
      ledger,
      clock: env.clock,
      fallback: sinkOf(simulation, env, entryOf),
      ...(world.outputs && { onSuccess: { sink: outputsOf(simulation, env, shift), group } }),
      log: { debug: () => {}, info: line, warn: line, error: line },
    },
    ...handlerOf(simulation, env, shift, entryOf),
  }
}

const policyOf = ({ attempts, intervalMs, maxAgeMs, onExhausted, maxHolds, poison }: World): Policy => ({
  retry: { ...{ attempts, intervalMs, factor: 2, capMs: 30_000, jitter: 'full' }, maxAgeMs, onExhausted },
  hold: { maxDeliveries: maxHolds },
  poison: { decode: poison, validate: poison, process: 'fallback', sink: 'fallback' },
  classify: ({ message }) =>
    message === hopeless ? { status: poison, rule: hopeless } : { status: 'retry', rule: 'failed' },
})

/** Checks the answer: complete, naming nothing unknown, every id once (rules 1, 6 and 9). */
function answerOf(
  { history, world }: Simulation,
  processed: Processed,
  batch: Batch,
  entries: readonly Entry[],
  entryOf: (record: RawRecord) => Entry,
): Answer {
  const { unsettled, tally } = processed
  const named = new Map(batch.partitions.map(({ identifier, records }) => [identifier, records]))
  const left = new Set<Entry>()
  const name = (identifier: string, offset: number) => {
    const record = named.get(identifier)?.find((one) => one.offset === offset)
    if (record === undefined || left.has(entryOf(record))) {
      history.breach('the answer names each record once, and nothing unknown', () => `${identifier} ${offset}`)
    } else left.add(entryOf(record))
  }
  // Before the response is made: that would refuse what is unknown, and the whole batch would come again.
  for (const { identifier, offsets } of unsettled) for (const offset of offsets) name(identifier, offset)
  const { batchItemFailures } = batchResponse(batch, unsettled)
  if (batchItemFailures.length !== left.size)
    history.breach('the response says what the engine does', () => `${left.size}`)
  const lost = entries.find((entry) => !left.has(entry) && !entry.settled)
  if (lost !== undefined) history.breach('only what is settled is left out of the failures', () => showEntry(lost))
  const { records, abandoned, ...outcomes } = tally
  const counted = Object.values(outcomes).reduce((sum, n) => sum + n, 0)
  if (counted !== records || records !== entries.length) {
    history.breach(
      'every record is counted once',
      () => `${JSON.stringify(tally)} of ${entries.length}, ${abandoned} abandoned`,
    )
  }
  const fails = processed.failed.length > 0 || (left.size > 0 && !world.partialResponses)
  return fails ? { kind: 'failed' } : { kind: 'answered', left }
}
