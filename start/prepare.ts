import { storeEnvironment } from '../lib/local/store/index.js'
import { packageService, readService } from '../lib/local/template/index.js'
import type { StoreRule } from '../lib/testing/faults/index.js'
import {
  failingDownstream,
  firstOf,
  type LedgerBreak,
  losesOneBalance,
  losesOneFailure,
  losesOneSettle,
} from './faults/index.js'
import type { Break, StartOptions } from './options.js'
import { type Planned, planOrders } from './orders/index.js'
import { type Target, targetOf } from './target.js'

/** Partitions of the topic. */
export const partitions = 4

/** The folder with serverless.yml: where npm starts scripts. */
export const serviceDir = '.'

/** What is to be done, before anything runs. */
export interface Prepared {
  readonly target: Target
  readonly planned: readonly Planned[]
  /** The faults of the store. */
  readonly rule: StoreRule
  readonly broken: LedgerBreak | undefined
  /** Ends the faults of the downstream. */
  mendDownstream(): void
}

/** Packages the service, reads what came out, and plans the records and the faults. */
export async function prepare(
  options: StartOptions,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Prepared> {
  if (!options.packaged) await packageService(serviceDir, { signal, log })
  const target = targetOf(readService(serviceDir, storeEnvironment('').AWS_REGION ?? ''))
  const planned = planOrders({ orders: options.orders, partitions, swap: options.break === 'order' })
  return { target, planned, ...faults(options.break, target, planned) }
}

function faults(chosen: Break | undefined, { tables }: Target, planned: readonly Planned[]) {
  const broken = chosen === 'ledger' ? losesOneSettle(tables.ledger) : undefined
  const downstream = failingDownstream(tables.orders, planned)
  const rule = firstOf([
    downstream.fault,
    ...(broken ? [broken.fault] : []),
    ...(chosen === 'balance' ? [losesOneBalance(tables.balances)] : []),
    ...(chosen === 'fallback' ? [losesOneFailure(tables.failures)] : []),
  ])
  return { broken, rule, mendDownstream: downstream.mend }
}
