import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { createTableInput } from '../../lib/local/template/index.js'
import type { Resource } from '../serverless.js'

/**
 * The tables among these resources. A name that only CloudFormation can work out (`!Sub`, `!Ref`, none at all) is
 * reported instead: no function could name that table locally either.
 */
export function localTables(
  resources: Readonly<Record<string, Resource>>,
  warn: (text: string) => void,
): readonly CreateTableCommandInput[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) => {
    if (Type !== 'AWS::DynamoDB::Table') return []
    if (typeof Properties.TableName === 'string') return [createTableInput(Properties.TableName, Properties)]
    warn(`table ${id} is not created on the local store: give it a TableName without CloudFormation functions`)
    return []
  })
}
