import { isDeepStrictEqual } from 'node:util'
import type { Plan, PlannedFunction } from '../plan.js'

/** What osls adds to the shared role for a function with MSK events, and for one with Kafka events within a VPC: these actions, on all. */
const networkActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeVpcs',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeSubnets',
  'ec2:DescribeSecurityGroups',
]

interface Statement {
  readonly Action?: unknown
}

/** The statements of the role that functions share which have none of their own; undefined where there is no such role. */
export function sharedStatements({ resources, provider }: Plan): object[] | undefined {
  const { Policies = [] } = resources[provider.naming.getRoleLogicalId()]?.Properties ?? {}
  const [policy] = Policies as { PolicyDocument: { Statement: object[] } }[]
  return policy?.PolicyDocument.Statement
}

/**
 * Takes from the shared role what osls gave it for Kafka events, whoever has them: those functions have roles of their own, and the others have no
 * use for it. What serverless.yml says stays, and as many statements as other events have brought.
 */
export function takeKafkaBack(plan: Plan): void {
  const statements = sharedStatements(plan)
  if (!statements) return
  const { iam, iamRoleStatements = [] } = plan.service.provider
  const role = typeof iam?.role === 'object' ? iam.role : {}
  const said: ReadonlySet<object> = new Set(role.statements ?? iamRoleStatements)
  let networks = plan.functions.reduce((sum, one) => sum + networksOf(one), 0)
  const kept = statements.filter((statement: Statement) => {
    if (said.has(statement)) return true
    if (isDeepStrictEqual(statement.Action, ['kafka:DescribeCluster', 'kafka:GetBootstrapBrokers'])) return false
    return !isDeepStrictEqual(statement.Action, networkActions) || networks-- <= 0
  })
  statements.splice(0, statements.length, ...kept)
}

/** How many such statements osls writes for a function: one for all events of a kind. */
function networksOf({ mappings }: PlannedFunction): number {
  const isInVpc = mappings.some(({ type, settings }) => type === 'kafka' && settings.accessConfigurations?.vpcSubnet)
  return Number(mappings.some(({ type }) => type === 'msk')) + Number(isInVpc)
}
