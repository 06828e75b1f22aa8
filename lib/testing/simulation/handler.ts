import type { Engine, Failed, Run } from '../../engine/index.js'
import { MillraceError } from '../../errors.js'
import type { RawRecord } from '../../event/index.js'
import { type AtomicWrite, itemKey } from '../../ledger/index.js'
import { drop, fallback, type Outcome, ok, retry } from '../../outcome/index.js'
import { type Environment, never } from './environment.js'
import { type Shift, showEntry } from './history.js'
import { onRun, onStart } from './on-run.js'
import { group, type Simulation, topic } from './simulation.js'
import { type Entry, effectOf, nameOf } from './truth.js'
import type { World } from './world.js'

type Result = Outcome | Failed

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
    if (run.lastAttempt) run.signal.addEventListener('abort', () => shift.resolved.add(entry), { once: true })
    const result = await act(simulation, env, entry, run)
    history.note(() => `${env.name} ends ${showEntry(entry)}: ${result.status}`)
    const fails = result.status === 'retry' || (result.status === 'failed' && result.stage === 'process')
    if (!fails || run.lastAttempt) shift.resolved.add(entry)
    return result
  }

  function handle(record: RawRecord, run: Run): Promise<Result> {
    onStart(simulation, pkOf(entryOf(record)), entryOf(record), run, shift)
    return begin(record, run)
  }

  if (!world.batchHandler) return { handle }
  return {
    handle,
    async handleAll(runs) {
      for (const { record, run } of runs) onStart(simulation, pkOf(entryOf(record)), entryOf(record), run, shift)
      const results: Result[] = []
      const stopped = new Set<string>()
      for (const { record, run } of runs) {
        const entry = entryOf(record)
        const lane = world.order === 'key' ? `${entry.partition} ${entry.key}` : `${entry.partition}`
        // It keeps its lanes in order itself, and stops when it is told to.
        if (run.signal.aborted || (world.order !== 'none' && stopped.has(lane))) {
          if (run.lastAttempt) shift.resolved.add(entry)
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
