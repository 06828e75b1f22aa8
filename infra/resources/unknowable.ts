import { accessOf, refused } from '../events/index.js'
import type { PlannedFunction } from '../plan.js'
import type { Resource } from '../serverless.js'

/**
 * Refuses a function that would lack a permission that cannot be derived from its events, unless its own statements speak of that.
 *
 * @throws MillraceError `ML_PLUGIN_CONFIG`
 */
export function refuseUnknowable(one: PlannedFunction, resources: Readonly<Record<string, Resource>>): void {
  const said = (one.settings.iamStatements ?? []).flatMap(({ Action = [] }) => Action)
  const isSaid = (prefixes: readonly string[]) => said.some((action) => prefixes.some((p) => action.startsWith(p)))
  for (const mapping of one.mappings) {
    const { cluster, destination, iamAuth } = accessOf(mapping, resources)
    const where = `function ${one.name}, ${mapping.type} event of topic ${mapping.settings.topic}`
    if (iamAuth && cluster === undefined && !isSaid(['kafka-cluster:'])) {
      throw refused(
        `${where}: the role is to sign in to Kafka (iamAuth), but the event does not say to which cluster; add millrace.iamStatements with kafka-cluster:Connect, DescribeGroup, AlterGroup, DescribeTopic and ReadData to the function, or make it an msk event`,
      )
    }
    if (destination?.kind === 'unknown' && !isSaid(['sqs:', 'sns:', 's3:'])) {
      throw refused(
        `${where}: what kind of resource onFailureDestination is shows only once it is deployed; add millrace.iamStatements with sqs:SendMessage, sns:Publish, or s3:PutObject and s3:ListBucket to the function`,
      )
    }
  }
}
