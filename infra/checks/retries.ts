import { type DeliveryNeeds, type Mapping, retriesNeeded, tooFewRetries } from '../../lib/deployment/index.js'
import { MillraceError } from '../../lib/errors.js'
import type { DeclaredMapping } from '../events/index.js'
import type { Service } from '../serverless.js'

/** Seconds that osls gives a function that asks for none. */
const defaultTimeout = 6

/**
 * Holds the retries of limited mappings against what their functions' code may need. Functions whose mappings retry without end are not loaded.
 *
 * @param needsOf what a function's code says, or why that is not known: that is a warning
 * @throws MillraceError `ML_RETRIES_TOO_FEW`
 */
export async function checkRetries(
  service: Service,
  deployed: ReadonlyMap<DeclaredMapping, Mapping>,
  needsOf: (functionName: string) => Promise<DeliveryNeeds | string>,
  warn: (text: string) => void,
): Promise<void> {
  const known = new Map<string, DeliveryNeeds | string>()
  for (const [{ functionName, type }, { topic, retries }] of deployed) {
    if (retries === undefined) continue
    const needs = known.get(functionName) ?? (await needsOf(functionName))
    if (!known.has(functionName) && typeof needs === 'string') {
      warn(`whether ${retries} retries are enough for function ${functionName} was not checked: ${needs}`)
    }
    known.set(functionName, needs)
    if (typeof needs === 'string') continue
    const timeoutMs = (service.functions?.[functionName]?.timeout ?? service.provider.timeout ?? defaultTimeout) * 1_000
    const needed = retriesNeeded(needs, timeoutMs, needs)
    if (needed <= retries) continue
    throw new MillraceError(
      'ML_RETRIES_TOO_FEW',
      `the ${type} event of topic ${topic} of function ${functionName} ${tooFewRetries(needed, retries)}`,
    )
  }
}
