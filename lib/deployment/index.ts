import { MillraceError, show } from '../errors.js'

export { type Finding, findingsVariable, subjectOf } from './findings.js'
export { metricNamespace } from './namespace.js'
export { isStackFunction, readOutputs, type StackFacts, type StackFunction, writeOutputs } from './outputs.js'
export {
  type DeliveryNeeds,
  defaultReserveMs,
  needsMark,
  retriesNeeded,
  tooFewRetries,
} from './retries.js'
export { failuresTable, ledgerTable, type TableDefinition, ttlAttribute } from './tables.js'

/** What the function has to know of one of its event source mappings. Written by the plugin, never by hand in code. */
export interface Mapping {
  /** The one topic of the mapping. */
  readonly topic: string
  /** Consumer group id; with topic and partition it names the ledger item. */
  readonly group: string
  /** `ReportBatchItemFailures` is on, and effective (it needs provisioned mode). */
  readonly partialResponses: boolean
  /** The mapping may withhold records (filter, record age, schema registry), so a hole in a batch proves nothing (rule 3). */
  readonly withholds: boolean
  /** Times that Lambda delivers a batch again before it gives its records up. Absent: without end. */
  readonly retries?: number
}

/** What a deployed function knows from its environment alone. */
export interface Deployment {
  readonly ledgerTable: string
  readonly failuresTable: string
  readonly mappings: readonly Mapping[]
}

/** The environment variables that carry a {@link Deployment} into a function. */
export const deploymentVariables = {
  ledgerTable: 'MILLRACE_LEDGER_TABLE',
  failuresTable: 'MILLRACE_FAILURES_TABLE',
  mappings: 'MILLRACE_MAPPINGS',
} as const

/** The function that the plugin adds to a service, by its key among those of serverless.yml. */
export const healthFunction = 'millraceHealth'

/** The environment variable of the health function: how long something that is due may wait, in seconds. */
export const stallVariable = 'MILLRACE_STALL_SECONDS'

const howToSet =
  'the plugin millrace/plugin sets it in serverless.yml; in a unit test use testDeployment() of millrace/testing'

/**
 * Reads the deployment from environment variables.
 *
 * @throws MillraceError `ML_DEPLOYMENT_INCOMPLETE` when a variable is missing, `ML_DEPLOYMENT_INVALID` when one cannot be read.
 */
export function readDeployment(env: Readonly<Record<string, string | undefined>>): Deployment {
  const required = (name: string): string => {
    const value = env[name]
    if (!value) {
      throw new MillraceError('ML_DEPLOYMENT_INCOMPLETE', `the environment variable ${name} is not set; ${howToSet}`)
    }
    return value
  }
  return {
    ledgerTable: required(deploymentVariables.ledgerTable),
    failuresTable: required(deploymentVariables.failuresTable),
    mappings: readMappings(required(deploymentVariables.mappings)),
  }
}

/** The environment that {@link readDeployment} reads back to the same deployment. */
export function writeDeployment(deployment: Deployment): Record<string, string> {
  return {
    [deploymentVariables.ledgerTable]: deployment.ledgerTable,
    [deploymentVariables.failuresTable]: deployment.failuresTable,
    [deploymentVariables.mappings]: JSON.stringify(deployment.mappings),
  }
}

function readMappings(text: string): readonly Mapping[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new MillraceError('ML_DEPLOYMENT_INVALID', `${deploymentVariables.mappings} is not JSON; ${howToSet}`, {
      cause,
    })
  }
  if (Array.isArray(parsed) && parsed.every(isMapping)) return parsed
  throw new MillraceError(
    'ML_DEPLOYMENT_INVALID',
    `${deploymentVariables.mappings} is ${show(parsed)}, not a list of mappings; ${howToSet}`,
  )
}

function isMapping(value: unknown): value is Mapping {
  if (typeof value !== 'object' || value === null) return false
  const { topic, group, partialResponses, withholds, retries } = value as Record<keyof Mapping, unknown>
  return (
    typeof topic === 'string' &&
    typeof group === 'string' &&
    typeof partialResponses === 'boolean' &&
    typeof withholds === 'boolean' &&
    (retries === undefined || typeof retries === 'number')
  )
}
