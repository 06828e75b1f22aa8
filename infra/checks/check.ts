import type { Finding } from '../../lib/deployment/index.js'
import type { Plan, PlannedFunction } from '../plan.js'
import { type CheckCode, silenceable } from './catalogue.js'
import { checkCode, type FunctionCode } from './code.js'
import { checkConcurrency, checkIdle } from './concurrency.js'
import { checkExits } from './exits.js'
import { checkLogs } from './logs.js'
import { checkNetwork } from './network.js'
import { checkBatch, checkMemory } from './payload.js'
import { checkFilters, checkStart } from './reading.js'
import { checkRetries } from './retries.js'
import { type Check, subjectFor } from './subject.js'
import { checkRecordAge, checkTimeout, checkWindow } from './time.js'

const checks: readonly Check[] = [
  checkTimeout,
  checkRetries,
  checkRecordAge,
  checkWindow,
  checkBatch,
  checkMemory,
  checkConcurrency,
  checkIdle,
  checkStart,
  checkFilters,
  checkNetwork,
  checkLogs,
  checkExits,
  checkCode,
]

/** Functions whose code is read at a time: each takes a process. */
const readAtOnce = 4

/** What the checks are made with beside the plan. */
export interface CheckOptions {
  /** What a function's packaged code says. */
  readonly codeOf: (functionName: string) => Promise<FunctionCode>
  /** Everything is about to go to AWS, and not to what stands in for it. */
  readonly isDeployed: boolean
}

/** All that the checks find in a service as it will be deployed, in the order of serverless.yml, without what was turned off. */
export async function checkService(plan: Plan, options: CheckOptions): Promise<readonly Finding[]> {
  const findings = new Map<PlannedFunction, readonly Finding[]>()
  const waiting = [...plan.functions]
  const readOn = async (): Promise<void> => {
    for (let planned = waiting.shift(); planned !== undefined; planned = waiting.shift()) {
      findings.set(planned, await checkFunction(plan, planned, options))
    }
  }
  await Promise.all(Array.from({ length: readAtOnce }, readOn))
  return plan.functions.flatMap((planned) => findings.get(planned) ?? [])
}

async function checkFunction(
  plan: Plan,
  planned: PlannedFunction,
  { codeOf, isDeployed }: CheckOptions,
): Promise<readonly Finding[]> {
  const subject = subjectFor(plan, planned, await codeOf(planned.name), isDeployed)
  const off = planned.settings.checks ?? {}
  return checks
    .flatMap((check) => check(subject))
    .filter(({ code }) => !(silenceable.includes(code as CheckCode) && off[code as CheckCode] === 'off'))
}
