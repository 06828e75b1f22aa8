import { writeOutputs } from '../lib/deployment/index.js'
import type { DeclaredMapping } from './mappings.js'
import type { Service } from './serverless.js'
import type { TableNames } from './tables.js'

/** Has the stack tell which tables and mappings it has: the command line finds them there. */
export function addOutputs(
  service: Service,
  mappings: ReadonlyMap<DeclaredMapping, string>,
  { ledger, failures }: TableNames,
): void {
  const template = service.provider.compiledCloudFormationTemplate
  if (template === undefined) return
  const functions = [...mappings.keys()].map(({ functionName: name, settings, told: { topic, group } }) => ({
    name,
    deployed: service.functions?.[name]?.name ?? name,
    topic,
    group,
    brokers: settings.bootstrapServers ?? [],
  }))
  const outputs = writeOutputs({ ledgerTable: ledger, failuresTable: failures, functions }, [...mappings.values()])
  template.Outputs = { ...template.Outputs, ...outputs }
}
