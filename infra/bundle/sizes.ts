import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { MillraceError } from '../../lib/errors.js'
import { budgetOf, kilobytes, packageSize } from '../../lib/local/bundle/index.js'
import type { Plan } from '../plan.js'

/** `millrace bundle`, which tells the sizes itself, packages with it set to `report`. */
const reporting = 'MILLRACE_BUNDLE'

/**
 * Holds the code of each function that reads Kafka against its budget: beyond one that the service sets it is refused, beyond the default
 * there is a warning.
 *
 * @param serviceDir where the paths of the zips begin
 * @throws MillraceError `ML_BUNDLE_TOO_LARGE`
 */
export async function checkSizes({ service, settings, functions, warn }: Plan, serviceDir: string): Promise<void> {
  if (process.env[reporting] === 'report') return
  for (const { name, declared, settings: own } of functions) {
    const zip = resolve(serviceDir, declared.package?.artifact ?? service.package?.artifact ?? '')
    if (!zip.endsWith('.zip') || !existsSync(zip)) continue
    const { code } = await packageSize(zip)
    const { budgetKb, isOwn } = budgetOf(own, settings)
    if (code <= budgetKb * 1024) continue
    const size = `the code of function ${name} is ${kilobytes(code)}`
    const why = '`millrace bundle` shows what it is made of'
    if (!isOwn) {
      warn(
        `${size}, over ${kilobytes(budgetKb * 1024)}, and a cold start has to read it: ${why}; bundle.budgetKb sets another budget`,
      )
      continue
    }
    throw new MillraceError(
      'ML_BUNDLE_TOO_LARGE',
      `${size}, over its budget of ${kilobytes(budgetKb * 1024)}: ${why}; leave out what it does not need, or raise bundle.budgetKb`,
    )
  }
}
