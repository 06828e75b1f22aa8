import { deploymentVariables, writeDeployment } from '../../lib/deployment/index.js'
import type { TableNames } from '../resources/tables.js'
import type { Environment, Service } from '../serverless.js'
import type { DeclaredMapping } from './mappings.js'
import { refused } from './refused.js'

/**
 * Tells each function with a Kafka event what its tables and mappings are. Done before any command runs, so that a
 * package, a deployment and a local invocation all know the same.
 */
export function setEnvironment(service: Service, mappings: readonly DeclaredMapping[], tables: TableNames): void {
  for (const [functionName, declaration] of Object.entries(service.functions ?? {})) {
    const told = mappings.filter((mapping) => mapping.functionName === functionName).map((mapping) => mapping.told)
    if (told.length === 0) continue
    const configured = { ...service.provider.environment, ...declaration.environment }
    refuseOwnValues(functionName, configured)
    const deployment = { ledgerTable: tables.ledger, failuresTable: tables.failures, mappings: told }
    // Powertools would sign every log line and metric as "service_undefined".
    const named = { POWERTOOLS_SERVICE_NAME: configured.POWERTOOLS_SERVICE_NAME ?? service.service }
    declaration.environment = { ...named, ...declaration.environment, ...writeDeployment(deployment) }
    refuseTooMuch(functionName, { ...service.provider.environment, ...declaration.environment }, told.length)
  }
}

/** Lambda's limit for all variables of a function, in bytes. */
const most = 4_096

function refuseTooMuch(functionName: string, environment: Environment, mappings: number): void {
  // What a reference gives is not known yet.
  const known = Object.entries(environment).filter(([, value]) => typeof value !== 'object')
  const bytes = known.reduce((sum, entry) => sum + Buffer.byteLength(entry.map(String).join('')), 0)
  if (bytes <= most) return
  throw refused(
    `the environment of function ${functionName} takes ${bytes} bytes, with what it is told of its ${mappings} mappings, and Lambda takes ${most}; shorten it, or give some of the events to a function of their own`,
  )
}

function refuseOwnValues(functionName: string, environment: Record<string, unknown>): void {
  for (const name of Object.values(deploymentVariables)) {
    if (environment[name] === undefined) continue
    throw refused(
      `the environment of function ${functionName} sets ${name}; the plugin sets it from the function's events, so that code and mapping cannot disagree. Remove it`,
    )
  }
}
