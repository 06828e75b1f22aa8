import { show } from '../../lib/errors.js'
import { accessOf, refused, type Value } from '../events/index.js'
import type { PlannedFunction } from '../plan.js'
import type { Resource } from '../serverless.js'

/** What of a statement is looked at. */
interface Said {
  readonly Action?: string | readonly string[]
}

/**
 * Refuses a function that would lack a permission that cannot be derived from its events, unless statements speak of that: its own, or those that
 * all functions have.
 *
 * @throws MillraceError `ML_PLUGIN_CONFIG`
 */
export function refuseUnknowable(
  one: PlannedFunction,
  resources: Readonly<Record<string, Resource>>,
  ofAll: readonly Said[] = [],
): void {
  const statements: readonly Said[] = [...(one.settings.iamStatements ?? []), ...ofAll]
  const said = statements.flatMap(({ Action = [] }) => Action)
  const isSaid = (prefixes: readonly string[]) =>
    said.some((action) => action === '*' || prefixes.some((prefix) => action.startsWith(prefix)))
  for (const mapping of one.mappings) {
    const { cluster, destination, iamAuth } = accessOf(mapping, resources)
    const where = `function ${one.name}, ${mapping.type} event of topic ${mapping.settings.topic}`
    if (iamAuth && cluster === undefined && !isSaid(['kafka-cluster:'])) {
      throw refused(
        `${where}: the role is to sign in to Kafka (iamAuth), but the event does not say to which cluster; add millrace.iamStatements with kafka-cluster:Connect, DescribeGroup, AlterGroup, DescribeTopic and ReadData to the function, or make it an msk event`,
      )
    }
    const key = destination?.kind === 'kafka' ? undefined : keyOf(destination?.arn, resources)
    if (key !== undefined && !isSaid(['kms:'])) {
      throw refused(
        `${where}: its onFailureDestination is encrypted with the key ${show(key)}, and without leave to use it Lambda cannot send there what it gives up on; add millrace.iamStatements with kms:GenerateDataKey and kms:Decrypt on the ARN of that key to the function`,
      )
    }
    if (destination?.kind === 'unknown' && !isSaid(['sqs:', 'sns:', 's3:'])) {
      throw refused(
        `${where}: what kind of resource onFailureDestination is shows only once it is deployed; add millrace.iamStatements with sqs:SendMessage, sns:Publish, or s3:PutObject and s3:ListBucket to the function`,
      )
    }
  }
}

/** The key of one's own that encrypts a queue or topic of serverless.yml; AWS lets whoever may send use its own (`alias/aws/…`). */
function keyOf(destination: Value | undefined, resources: Readonly<Record<string, Resource>>): unknown {
  if (typeof destination !== 'object') return undefined
  const [reference] = [destination['Fn::GetAtt'] ?? destination.Ref].flat()
  const key = resources[String(reference).split('.')[0] ?? '']?.Properties?.KmsMasterKeyId
  return String(key).includes('alias/aws/') ? undefined : key
}
