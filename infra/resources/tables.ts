import { failuresTable, ledgerTable, type TableDefinition, ttlAttribute } from '../../lib/deployment/index.js'
import type { Resource } from '../serverless.js'
import type { TableSettings } from './settings.js'

export interface TableNames {
  readonly ledger: string
  readonly failures: string
}

/** Names are explicit, so that a table outlives its stack and is found again, and a local run knows them without one. */
export function tableNames(service: string, stage: string): TableNames {
  return { ledger: `${service}-${stage}-ledger`, failures: `${service}-${stage}-failures` }
}

/** The logical ids of the framework's tables. */
export const tableIds = { ledger: 'MillraceLedgerTable', failures: 'MillraceFailuresTable' } as const

/** The framework's tables, by logical id. */
export function tableResources(names: TableNames, settings: TableSettings = {}): Record<string, Resource> {
  return {
    [tableIds.ledger]: retained(ledgerTable(names.ledger), settings),
    [tableIds.failures]: retained(failuresTable(names.failures), settings),
  }
}

function retained(definition: TableDefinition, settings: TableSettings): Resource {
  const { pointInTimeRecovery = true, deletionProtection = false, kmsKeyArn } = settings
  return {
    Type: 'AWS::DynamoDB::Table',
    // Removing the stack must not make the group forget what is settled, nor lose the records given up on.
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      ...definition,
      TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: pointInTimeRecovery },
      DeletionProtectionEnabled: deletionProtection,
      ...(kmsKeyArn !== undefined && {
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: kmsKeyArn },
      }),
    },
  }
}

/** The ARN of one of the framework's tables, whether the stack has it or it is there already. */
export function tableArn(which: keyof TableNames, names: TableNames, resources: Record<string, Resource>): object {
  const id = tableIds[which]
  // By reference where that can be: then no function is there before its tables are.
  if (resources[id]) return { 'Fn::GetAtt': [id, 'Arn'] }
  return {
    'Fn::Sub': `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${names[which]}`,
  }
}
