import { failuresTable, ledgerTable, type TableDefinition, ttlAttribute } from '../../lib/deployment/index.js'
import type { Resource } from '../serverless.js'

export interface TableNames {
  readonly ledger: string
  readonly failures: string
}

/** Names are explicit, so that a table outlives its stack and is found again, and a local run knows them without one. */
export function tableNames(service: string, stage: string): TableNames {
  return { ledger: `${service}-${stage}-ledger`, failures: `${service}-${stage}-failures` }
}

const ledgerId = 'MillraceLedgerTable'
const failuresId = 'MillraceFailuresTable'

/** The framework's tables, by logical id. */
export function tableResources(names: TableNames): Record<string, Resource> {
  return {
    [ledgerId]: retained(ledgerTable(names.ledger)),
    [failuresId]: retained(failuresTable(names.failures)),
  }
}

function retained(definition: TableDefinition): Resource {
  return {
    Type: 'AWS::DynamoDB::Table',
    // Removing the stack must not make the group forget what is settled, nor lose the records given up on.
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: { ...definition, TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true } },
  }
}

/** All that the framework does to its tables; no other action and no other table. */
export function tableStatements(): readonly object[] {
  return [
    allow(ledgerId, ['BatchGetItem', 'GetItem', 'PartiQLUpdate', 'PartiQLInsert', 'UpdateItem', 'PutItem', 'Query']),
    allow(failuresId, ['BatchWriteItem', 'PutItem']),
  ]
}

function allow(tableId: string, actions: readonly string[]): object {
  return {
    Effect: 'Allow',
    Action: actions.map((action) => `dynamodb:${action}`),
    Resource: [{ 'Fn::GetAtt': [tableId, 'Arn'] }],
  }
}
