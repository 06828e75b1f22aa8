import { writeOutputs } from '../../lib/deployment/index.js'
import type { Plan } from '../plan.js'

/** Has the stack tell which tables and mappings it has: the command line finds them there. */
export function addOutputs({ service, functions, tables }: Plan): void {
  const template = service.provider.compiledCloudFormationTemplate
  if (template === undefined) return
  const mappings = functions.flatMap(({ name, deployed, declared: { condition }, mappings }) =>
    mappings.map(({ logicalId, settings, told: { topic, group } }) => ({
      ...{ logicalId, condition },
      facts: { name, deployed, topic, group, brokers: settings.bootstrapServers ?? [] },
    })),
  )
  const facts = {
    ledgerTable: tables.ledger,
    failuresTable: tables.failures,
    functions: mappings.map((one) => one.facts),
  }
  const outputs = writeOutputs(
    facts,
    mappings.map((one) => one.logicalId),
    mappings.map((one) => one.condition),
  )
  template.Outputs = { ...template.Outputs, ...outputs }
}
