import { type CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation'
import {
  DescribeTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { failuresTable, ledgerTable, type TableDefinition } from '../../lib/deployment/index.js'
import { asError, MillraceError, show } from '../../lib/errors.js'
import { type TableNames, tableIds } from './tables.js'

/** Who is asked which tables there are. */
export interface Account {
  readonly dynamodb: DynamoDBClient
  readonly cloudformation: Pick<CloudFormationClient, 'send'>
  readonly stack: string
}

/** A table that is there already, and no part of the stack. */
export type ExistingTable = keyof TableNames

/**
 * The framework's tables that are there and that the stack does not own, as after `serverless remove`, which leaves them:
 * CloudFormation would fail to make them again.
 *
 * @throws MillraceError `ML_TABLE_OCCUPIED` where such a table has another key, and so is no table of the framework
 */
export async function existingTables(names: TableNames, account: Account): Promise<readonly ExistingTable[]> {
  const wanted = { ledger: ledgerTable(names.ledger), failures: failuresTable(names.failures) }
  const found: ExistingTable[] = []
  let owned: ReadonlySet<string> | undefined
  for (const which of ['ledger', 'failures'] as const) {
    const key = await keyOf(names[which], account.dynamodb)
    if (key === undefined) continue
    owned ??= await ownedBy(account)
    if (owned.has(`${tableIds[which]} ${names[which]}`)) continue
    refuseOtherKey(wanted[which], key)
    found.push(which)
  }
  return found
}

async function keyOf(table: string, client: DynamoDBClient): Promise<readonly KeySchemaElement[] | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }))
    return Table?.KeySchema ?? []
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw unanswered(`whether the table ${table} is there`, 'dynamodb:DescribeTable', error)
  }
}

/**
 * What the stack has, each as its logical id and its name. What is being deleted, or was left behind when it was taken out of the template, is the
 * stack's no more.
 */
async function ownedBy({ cloudformation, stack }: Account): Promise<ReadonlySet<string>> {
  const owned = new Set<string>()
  let next: string | undefined
  try {
    do {
      const input = { StackName: stack, ...(next && { NextToken: next }) }
      const page = await cloudformation.send(new ListStackResourcesCommand(input))
      for (const { LogicalResourceId, PhysicalResourceId, ResourceStatus = '' } of page.StackResourceSummaries ?? [])
        if (!/^(DELETE_|CREATE_FAILED)/.test(ResourceStatus)) owned.add(`${LogicalResourceId} ${PhysicalResourceId}`)
      next = page.NextToken
    } while (next !== undefined)
    return owned
  } catch (error) {
    const { name, message } = asError(error)
    if (name === 'ValidationError' && message.includes('does not exist')) return owned
    throw unanswered(`which resources stack ${stack} has`, 'cloudformation:ListStackResources', error)
  }
}

function refuseOtherKey({ TableName, KeySchema }: TableDefinition, found: readonly KeySchemaElement[]): void {
  const spelled = (key: readonly KeySchemaElement[]) =>
    key.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(', ')
  if (spelled(KeySchema) === spelled(found)) return
  throw new MillraceError(
    'ML_TABLE_OCCUPIED',
    `there is a table ${TableName} already, and its key is ${show(spelled(found))}, not ${show(spelled(KeySchema))}: it is none of the framework's. Rename the service or the stage, or that table`,
  )
}

function unanswered(question: string, action: string, cause: unknown): MillraceError {
  return new MillraceError(
    'ML_TABLES_UNKNOWN',
    `AWS did not say ${question}; allow ${action} to who deploys, or say it in serverless.yml: custom.millrace.tables.existing (true: they are there, false: the stack makes them)`,
    { cause },
  )
}
