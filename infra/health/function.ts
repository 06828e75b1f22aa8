import { healthFunction, stallVariable, writeDeployment } from '../../lib/deployment/index.js'
import { type DeclaredMapping, refused } from '../events/index.js'
import type { TableNames } from '../resources/index.js'
import type { Serverless, Service, ServiceFunction } from '../serverless.js'
import { entry, writeEntry } from './entry.js'
import { defaultEveryMinutes, type HealthSettings } from './settings.js'

/** Lambda takes 4 KB for all variables of a function; what is not the framework's is small. */
const mostBytes = 3_500

/** osls knows more of a function than the plugin looks at. */
type HealthFunction = ServiceFunction & Readonly<Record<string, unknown>>

/**
 * Adds to the service the function that looks at it, as if serverless.yml said it: bundlers package it as any other. Not where
 * serverless.yml wants none, or where nobody would bundle it.
 *
 * @throws MillraceError `ML_PLUGIN_CONFIG` where the service has a function of its name
 */
export function addHealth(
  serverless: Pick<Serverless, 'service' | 'serviceDir' | 'getProvider'>,
  mappings: readonly DeclaredMapping[],
  tables: TableNames,
  warn: (text: string) => void,
): void {
  const { service } = serverless
  const settings = service.custom?.millrace?.health
  const functions = service.functions as Record<string, ServiceFunction> | undefined
  if (settings === false || mappings.length === 0 || functions === undefined) return
  const told = writeDeployment({
    ledgerTable: tables.ledger,
    failuresTable: tables.failures,
    mappings: mappings.map((mapping) => mapping.told),
  })
  const why = obstacle(service, told)
  if (why !== undefined) {
    if (settings !== undefined) warn(`the service gets no health function: ${why}`)
    return
  }
  if (functions[healthFunction])
    throw refused(`the function ${healthFunction} has the name of the framework's own; rename it`)
  functions[healthFunction] = described(service, serverless.getProvider('aws').getStage(), told, settings)
  writeEntry(serverless.serviceDir)
}

function obstacle(service: Service, told: Readonly<Record<string, string>>): string | undefined {
  const { plugins = [], package: packaged } = service
  const names = 'modules' in plugins ? plugins.modules : plugins
  if (packaged?.artifact !== undefined) return 'it brings its own artifact, which has no code of it'
  if (!names.includes('serverless-esbuild')) return 'serverless-esbuild is not among its plugins, and would bundle it'
  const bytes = Buffer.byteLength(JSON.stringify(told))
  return bytes > mostBytes ? 'its mappings are more than the environment of one function holds' : undefined
}

function described(
  { service, provider: { runtime = '', environment, vpc } }: Service,
  stage: string,
  told: Readonly<Record<string, string>>,
  { everyMinutes = defaultEveryMinutes, url, stallSeconds = 300 }: Exclude<HealthSettings, false> = {},
): HealthFunction {
  return {
    // Lambda takes names of 64 characters.
    name: `${`${service}-${stage}`.slice(0, 48)}-millrace-health`,
    description: 'How the functions that read Kafka are: what their ledger knows, and what waits among the failures',
    handler: `${entry}.handler`,
    runtime: runtime.startsWith('nodejs') ? runtime : 'nodejs22.x',
    timeout: 30,
    memorySize: 256,
    // It calls DynamoDB, and nothing in a network of one's own. Only said where there is one: osls takes the word alone for a network.
    ...(vpc && { vpc: false as const }),
    environment: {
      POWERTOOLS_SERVICE_NAME: environment?.POWERTOOLS_SERVICE_NAME ?? service,
      ...told,
      [stallVariable]: String(stallSeconds),
    },
    events: [{ schedule: everyMinutes === 1 ? 'rate(1 minute)' : `rate(${everyMinutes} minutes)` }] as object[],
    ...(url && { url: url === 'AWS_IAM' ? { authorizer: 'aws_iam' } : true }),
  }
}
