import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Plan } from '../plan.js'
import { type ExistingTable, existingTables } from './existing.js'
import { tableIds, tableResources } from './tables.js'

/**
 * Adds the framework's tables to the template, but those that are there already and not of this stack: they are taken as they are.
 *
 * @param asks whether AWS may be asked which there are: while deploying, never while packaging
 */
export async function addTables(plan: Plan, asks: boolean, note: (text: string) => void): Promise<void> {
  const { settings, tables, resources } = plan
  Object.assign(resources, tableResources(tables, settings.tables))
  for (const which of await outside(plan, asks)) {
    delete resources[tableIds[which]]
    note(`The table ${tables[which]} is there already, and not of this stack: it is used as it is`)
  }
}

async function outside({ settings, tables, provider }: Plan, asks: boolean): Promise<readonly ExistingTable[]> {
  const { existing } = settings.tables ?? {}
  if (existing === true) return ['ledger', 'failures']
  if (existing === false || !asks) return []
  const cloudformation = await provider.getCloudFormationClient()
  const dynamodb = new DynamoDBClient(await provider.getAwsSdkV3Config())
  try {
    return await existingTables(tables, { dynamodb, cloudformation, stack: provider.naming.getStackName() })
  } finally {
    dynamodb.destroy()
  }
}
