import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { Resource } from './serverless.js'

/** What `CreateTable` and CloudFormation spell alike and what matters locally; billing and retention do not. */
const kept = ['TableName', 'KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes']

/**
 * The tables among these resources. A name that only CloudFormation can work out (`!Sub`, `!Ref`, none at all) is
 * reported instead: no function could name that table locally either.
 */
export function localTables(
  resources: Readonly<Record<string, Resource>>,
  warn: (text: string) => void,
): readonly CreateTableCommandInput[] {
  const tables: CreateTableCommandInput[] = []
  for (const [id, { Type, Properties = {} }] of Object.entries(resources)) {
    if (Type !== 'AWS::DynamoDB::Table') continue
    if (typeof Properties.TableName !== 'string') {
      warn(`table ${id} is not created on the local store: give it a TableName without CloudFormation functions`)
      continue
    }
    const definition = Object.fromEntries(Object.entries(Properties).filter(([name]) => kept.includes(name)))
    tables.push({ ...withoutThroughput(definition), BillingMode: 'PAY_PER_REQUEST' } as CreateTableCommandInput)
  }
  return tables
}

/** On demand, an index may not have a throughput of its own. */
function withoutThroughput(definition: Record<string, unknown>): Record<string, unknown> {
  const indexes = definition.GlobalSecondaryIndexes
  if (!Array.isArray(indexes)) return definition
  return { ...definition, GlobalSecondaryIndexes: indexes.map(({ ProvisionedThroughput: _, ...index }) => index) }
}
