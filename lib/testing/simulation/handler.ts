import type { Engine, Failed, Run } from '../../engine/index.js'
import { firstFailure } from '../../engine/verdict.js'
import { MillraceError } from '../../errors.js'
import type { RawRecord } from '../../event/index.js'
import { type AtomicWrite, itemKey } from '../../ledger/index.js'
import { drop, fallback, hold, type Outcome, ok, retry } from '../../outcome/index.js'
import { type Environment, never } from './environment.js'
import { type Shift, showEntry } from './history.js'
import { onRun, onStart } from './on-run.js'
import { group, type Simulation, topic } from './simulation.js'
import { type Entry, effectOf, nameOf } from './truth.js'
import type { World } from './world.js'

type Result = Outcome | Failed

/** The error of a record that no other run would do any good. */
export const hopeless = 'hopeless'

/** The handler of one invocation: each record does what its plan says. */
export function handlerOf(
  simulation: Simulation,
  env: Environment,
  shift: Shift,
  entryOf: (record: RawRecord) => Entry,
): Pick<Engine, 'handle' | 'handleAll'> {
  const { history, world } = simulation

  const pkOf = ({ partition }: Entry) => itemKey(group, topic, partition).pk

  async function begin(record: RawRecord, run: Run): Promise<Result> {
    const entry = entryOf(record)
    history.note(() => `${env.name} runs ${showEntry(entry)}, attempt ${run.attempt}`)
    onRun(simulation, pkOf(entry), entry, shift)
    // Timed out: given up, while it may still run.
    timesOut(entry, run)
    const result = await act(simulation, env, entry, run)
    history.note(() => `${env.name} ends ${showEntry(entry)}: ${result.status}`)
    conclude(entry, run, result)
    return result
  }

  /** What the policy does about it, unless it is to come again. */
  function exhausted(entry: Entry): void {
    if (world.onExhausted === 'retry' || world.onExhausted === 'fail') return
    shift.resolved.add(entry)
    entry.dropped ||= world.onExhausted === 'drop'
  }

  function timesOut(entry: Entry, run: Run): void {
    run.signal.addEventListener('abort', () => (run.lastAttempt || isTooOld(entry)) && exhausted(entry), { once: true })
  }

  function conclude(entry: Entry, run: Run, result: Result): void {
    const now = env.clock.now()
    const isHopeless = result.status === 'failed' && (result.stage === 'decode' || result.error.message === hopeless)
    if (result.status === 'hold') {
      const untilMs = 'forMs' in result.time ? now + result.time.forMs : result.time.untilMs
      const isHeld = run.held < Math.min(world.maxHolds, result.maxDeliveries ?? world.maxHolds)
      if (!isHeld || world.delivery === 'at-most-once') exhausted(entry)
      // What timed out has failed instead.
      else if (!run.signal.aborted)
        shift.spent.set(entry, { attempt: run.attempt - 1, held: run.held + 1, notBefore: untilMs })
    } else if (isHopeless) {
      shift.resolved.add(entry)
      entry.dropped ||= world.poison === 'drop'
    } else if (result.status === 'retry') {
      shift.spent.set(entry, { attempt: run.attempt, held: run.held, notBefore: 0 })
      if (run.lastAttempt || isTooOld(entry)) exhausted(entry)
    } else shift.resolved.add(entry)
  }

  /** Too old by now, if it was not so at its start. */
  function isTooOld(entry: Entry): boolean {
    const { open = [] } = history.stateOf(pkOf(entry)) ?? {}
    const known = open.find(({ offset, timestamp }) => offset === entry.offset && timestamp === entry.timestamp)
    const now = env.clock.now()
    return now - firstFailure(known, now) >= world.maxAgeMs
  }

  function handle(record: RawRecord, run: Run): Promise<Result> {
    onStart(simulation, pkOf(entryOf(record)), entryOf(record), run, shift)
    return begin(record, run)
  }

  if (!world.batchHandler) return { handle }
  return {
    handle,
    async handleAll(runs) {
      for (const { record, run } of runs) {
        onStart(simulation, pkOf(entryOf(record)), entryOf(record), run, shift)
        // All of them are under way until the last has ended.
        timesOut(entryOf(record), run)
      }
      const results: Result[] = []
      const stopped = new Set<string>()
      for (const { record, run } of runs) {
        const entry = entryOf(record)
        const lane = world.order === 'key' ? `${entry.partition} ${entry.key}` : `${entry.partition}`
        // It keeps its lanes in order itself, and stops when it is told to.
        if (world.order !== 'none' && stopped.has(lane)) {
          results.push(retry('behind another'))
          continue
        }
        if (run.signal.aborted) {
          if (run.lastAttempt) exhausted(entry)
          if (!shift.resolved.has(entry)) stopped.add(lane)
          results.push(retry('not run'))
          continue
        }
        const result = await begin(record, run)
        if (!shift.resolved.has(entry)) stopped.add(lane)
        results.push(result)
      }
      return results
    },
  }
}

async function act({ world, choices }: Simulation, env: Environment, entry: Entry, run: Run): Promise<Result> {
  const { plan, slowMs } = entry
  // Some die at once, some later.
  if (plan.kind === 'kills' && choices.oneIn('handler', 2)) return die(env)
  await env.clock.sleep(choices.below('time', 3))
  // A death much later would be put down to another record.
  if (slowMs > 0 && plan.kind !== 'kills') await env.clock.sleep(slowMs)
  if ('times' in plan && entry.runs <= plan.times) {
    if (plan.kind === 'breaches') throw new MillraceError('ML_OUTCOME_UNKNOWN', 'no outcome')
    // It ignores its signal.
    if (plan.kind === 'hangs') await env.clock.sleep(2 * world.timeoutMs)
    if (plan.kind === 'holds')
      return hold({ reason: 'not its time', forMs: plan.forMs, maxDeliveries: plan.maxDeliveries })
    if (plan.kind === 'fails' || !world.atomic) return retry('not yet')
  }
  switch (plan.kind) {
    case 'kills':
      return die(env)
    case 'drop':
      entry.dropped = true
      return drop('of no interest')
    case 'fallback':
      return fallback('hopeless')
    case 'hopeless':
      return { status: 'failed', stage: 'process', error: new Error(hopeless) }
    case 'poison':
      return { status: 'failed', stage: 'decode', error: new Error('poison') }
    default:
      if (world.atomic) run.atomically(writesOf(entry, world))
      else entry.handled = true
      return world.outputs ? ok({ value: nameOf(entry) }) : ok()
  }
}

function die(env: Environment): Promise<never> {
  env.die()
  return never()
}

/** Counts the record, and something for its key, which other records count for, too. */
function writesOf(entry: Entry, world: World): AtomicWrite[] {
  const { plan, runs, key, partition } = entry
  const isRefused = plan.kind === 'refused' && runs <= plan.times
  const absent = {
    TableName: 'absent',
    Key: { id: { S: effectOf(entry) } },
    ConditionExpression: 'attribute_exists(id)',
  }
  return [
    add('effects', effectOf(entry)),
    // What succeeds or fails as one has to fit into one transaction.
    ...(world.atomicity === 'record' ? [add('balances', `${partition} ${key}`)] : []),
    ...(isRefused ? [{ ConditionCheck: absent }] : []),
  ]
}

const add = (TableName: string, id: string): AtomicWrite => ({
  Update: {
    TableName,
    Key: { id: { S: id } },
    UpdateExpression: 'ADD n :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  },
})
