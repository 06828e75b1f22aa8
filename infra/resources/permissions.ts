import { destinationOf, type Value } from '../events/index.js'
import type { Plan, PlannedFunction } from '../plan.js'
import type { Resource } from '../serverless.js'
import { destinationStatements, mappingStatements } from './access.js'
import { logGroupOf } from './logs.js'
import { allow, merged, onlyThrough, type Statement } from './statement.js'
import { tableArn } from './tables.js'

/** What the framework, Lambda and the function's own settings need; nothing of it is for the handler's own code. */
export function permissionsOf(plan: Plan, one: PlannedFunction): readonly Statement[] {
  return merged([
    ...ownStatements(plan, one),
    ...tables(plan),
    ...one.mappings.flatMap((mapping) => mappingStatements(mapping, knownResources(plan))),
  ])
}

/** What any function needs: its log, and what its own settings ask for. */
export const ownStatements = (
  plan: Plan,
  one: Pick<PlannedFunction, 'name' | 'declared' | 'logicalId'>,
): readonly Statement[] => [...logs(plan, one), ...functionStatements(plan, one)]

/** Those under `resources` join the template last, after the roles are made. */
export const knownResources = ({ service, resources }: Plan): Readonly<Record<string, Resource>> => ({
  ...service.resources?.Resources,
  ...resources,
})

/** Everything that the framework does to its tables; a test compares it with the calls it makes. */
function tables({ tables, resources, settings }: Plan): readonly Statement[] {
  const { kmsKeyArn } = settings.tables ?? {}
  return [
    // In a transaction, an update needs UpdateItem; alone, statements are allowed by PartiQL's own actions.
    ...allow(
      'dynamodb',
      ['BatchGetItem', 'Query', 'PartiQLInsert', 'PartiQLUpdate', 'UpdateItem'],
      [tableArn('ledger', tables, resources)],
    ),
    ...allow('dynamodb', ['BatchWriteItem', 'PutItem'], [tableArn('failures', tables, resources)]),
    ...(kmsKeyArn === undefined ? [] : allow('kms', keyActions, [kmsKeyArn], onlyThrough('dynamodb'))),
  ]
}

/** What DynamoDB does with a key of one's own on behalf of who reads and writes the table. */
const keyActions = ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey*', 'ReEncrypt*']

/** The group itself is in the stack, so that nobody has to create it. */
function logs(plan: Plan, one: Pick<PlannedFunction, 'name' | 'declared'>): readonly Statement[] {
  const group = logGroupOf(plan, one)
  if (group === undefined) return []
  const arn = { 'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:${group}:*` }
  return allow('logs', ['CreateLogStream', 'PutLogEvents'], [arn])
}

/** What of a compiled function needs a permission. */
interface FunctionProperties {
  readonly VpcConfig?: object
  readonly TracingConfig?: object
  readonly KmsKeyArn?: unknown
  readonly FileSystemConfigs?: readonly { readonly Arn: unknown }[]
  readonly DeadLetterConfig?: { readonly TargetArn?: Value }
}

function functionStatements(plan: Plan, { logicalId }: Pick<PlannedFunction, 'logicalId'>): readonly Statement[] {
  const compiled: FunctionProperties = plan.resources[logicalId]?.Properties ?? {}
  const { KmsKeyArn: key, FileSystemConfigs: files = [], DeadLetterConfig: letters } = compiled
  return [
    ...(compiled.VpcConfig ? allow('ec2', interfaceActions, ['*']) : []),
    ...(compiled.TracingConfig ? allow('xray', ['PutTraceSegments', 'PutTelemetryRecords'], ['*']) : []),
    ...(key === undefined ? [] : allow('kms', ['Decrypt'], [key])),
    ...allow(
      'elasticfilesystem',
      ['ClientMount', 'ClientWrite'],
      files.map(({ Arn }) => Arn),
    ),
    ...(letters?.TargetArn === undefined
      ? []
      : destinationStatements(destinationOf(letters.TargetArn, knownResources(plan)))),
  ]
}

/** Those of `AWSLambdaVPCAccessExecutionRole`, which allows every log group of the account, too. */
const interfaceActions = [
  'CreateNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'DeleteNetworkInterface',
  'AssignPrivateIpAddresses',
  'UnassignPrivateIpAddresses',
]
