import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { failuresTable, ledgerTable, readOutputs } from '../../deployment/index.js'
import { type Resolve, resolveOnly } from './resolve.js'
import type { Template } from './types.js'

/** What `CreateTable` and CloudFormation spell alike and what matters locally; billing and retention do not. */
const kept = ['KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes'] as const

/** All tables of a template, and the framework's also where they are no part of it; billed on demand. */
export function tablesOf(template: Template, resolve: Resolve): readonly CreateTableCommandInput[] {
  const declared = declaredTables(template, resolve)
  const missing = frameworkTables(template).filter(
    ({ TableName }) => !declared.some((one) => one.TableName === TableName),
  )
  return [...declared, ...missing]
}

/** A deployed stack may use tables that outlived another (`tables.existing`); its outputs name them all the same. */
function frameworkTables({ Outputs = {} }: Template): readonly CreateTableCommandInput[] {
  const outputs = Object.entries(Outputs).map(([name, { Value }]) => [name, String(Value)])
  const facts = readOutputs(Object.fromEntries(outputs))
  return facts ? [ledgerTable(facts.ledgerTable), failuresTable(facts.failuresTable)] : []
}

function declaredTables(template: Template, resolve: Resolve): readonly CreateTableCommandInput[] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) => {
    if (Type !== 'AWS::DynamoDB::Table') return []
    return [createTableInput(resolve({ Ref: id }) as string, resolveOnly(resolve, Properties, kept))]
  })
}

/** A table resource, its properties resolved, as `CreateTable` takes it. */
export function createTableInput(
  TableName: string,
  properties: Readonly<Record<string, unknown>>,
): CreateTableCommandInput {
  const definition = Object.fromEntries(kept.flatMap((name) => (properties[name] ? [[name, properties[name]]] : [])))
  return withoutThroughput({ ...definition, TableName, BillingMode: 'PAY_PER_REQUEST' } as CreateTableCommandInput)
}

/** On demand, an index may not have a throughput of its own. */
function withoutThroughput(table: CreateTableCommandInput): CreateTableCommandInput {
  const indexes = table.GlobalSecondaryIndexes
  if (!indexes) return table
  return { ...table, GlobalSecondaryIndexes: indexes.map(({ ProvisionedThroughput: _, ...index }) => index) }
}
