import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../tools/project.js'
import { placeOf } from './orders/index.js'
import type { Prepared } from './prepare.js'
import type { System } from './system.js'
import { type Mending, readBalances, readEffects, readFailures } from './verify/index.js'

type Tables = Prepared['target']['tables']

/** What tells the function to take cents as text, too: the mended schema. */
const mendedVersion = { ORDERS_MENDED: 'true' }

/**
 * What an operator does in the morning: deploys a mended version, produces again what had been given up on and may go well now,
 * and throws the rest away; with the commands that people use.
 */
export async function mend({ target, mendDownstream }: Prepared, system: System): Promise<Mending> {
  const { tables } = target
  const read = async () => {
    const { store } = system
    const [failed, effects, balances] = await Promise.all([
      readFailures(store, tables.failures),
      readEffects(store, tables.orders),
      readBalances(store, tables.balances),
    ])
    return {
      found: failed.map(placeOf),
      effects: new Map([...effects].map(([id, one]) => [id, one.effects])),
      balances,
    }
  }
  const before = await read()
  mendDownstream()
  await system.deployAgain(mendedVersion)
  const redriven = await redrive(system, tables)
  await system.mapping.idle()
  const { discarded = 0 } = await failures(system, tables, ['discard', '--yes'])
  const after = await read()
  return {
    found: before.found,
    redriven,
    discarded,
    left: after.found.length,
    effects: gained(before.effects, after.effects),
    cents: gained(before.balances, after.balances),
  }
}

/** What may go well now: records that the schema had refused, and those that the downstream had. */
async function redrive(system: System, tables: Tables): Promise<number> {
  const invalid = await failures(system, tables, ['redrive', '--failed-at', 'validate', '--yes'])
  const refused = await failures(system, tables, ['redrive', '--failed-at', 'process', '--yes'])
  return (invalid.redriven ?? 0) + (refused.redriven ?? 0)
}

/** By how much each number has grown, where it has. */
const gained = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...after].map(([id, n]) => [id, n - (before.get(id) ?? 0)] as const).filter(([, n]) => n !== 0))

const run = promisify(execFile)

async function failures(
  { ground }: System,
  tables: Tables,
  args: readonly string[],
): Promise<{ redriven?: number; discarded?: number }> {
  const where = [
    ...['--ledger-table', tables.ledger, '--failures-table', tables.failures],
    ...['--brokers', ground.brokers.join(','), '--endpoint', ground.dynamodbUrl],
  ]
  const { stdout } = await run(process.execPath, [
    join(root, 'dist/lib/cli/main.js'),
    'failures',
    ...args,
    ...where,
    '--json',
  ])
  return JSON.parse(stdout)
}
