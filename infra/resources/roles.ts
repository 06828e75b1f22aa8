import { refused } from '../events/index.js'
import type { Plan, PlannedFunction } from '../plan.js'
import type { Provider, Resource, Service, ServiceFunction, SharedRole } from '../serverless.js'
import { knownResources, permissionsOf } from './permissions.js'
import { sharedStatements, takeKafkaBack } from './shared-role.js'
import { refuseUnknowable } from './unknowable.js'

/** The logical id of the role of a function that reads Kafka. */
export const roleIdOf = ({ naming }: Provider, functionName: string): string =>
  naming.getLambdaLogicalId(functionName).replace(/Function$/, 'Role')

/**
 * Whether a function gets a role of its own, with the permissions that it needs and no more. Not where serverless.yml names one,
 * nor where osls alone knows what the function needs: it writes that into the role that all others share.
 */
export function getsOwnRole(provider: Provider, declared: ServiceFunction): boolean {
  return !provider.getCustomExecutionRole(declared) && !isKnownToOslsOnly(declared)
}

function isKnownToOslsOnly({ destinations, durableConfig, events = [] }: ServiceFunction): boolean {
  if (destinations || durableConfig) return true
  return events.some((event: Readonly<Record<string, unknown>>) => {
    if (['stream', 'sqs', 'activemq', 'rabbitmq', 'websocket'].some((name) => event[name])) return true
    // EventBridge Scheduler invokes through the function's own role.
    return (event.schedule as { readonly method?: string } | undefined)?.method === 'scheduler'
  })
}

/** Adds the roles, and to the role that is shared what functions need that stay on it. */
export function addRoles(plan: Plan): void {
  takeKafkaBack(plan)
  for (const one of plan.functions) {
    const { name, declared, settings } = one
    const id = roleIdOf(plan.provider, name)
    const named = plan.provider.getCustomExecutionRole(declared)
    // What a role of the person's own allows, only they know.
    if (!named || named === id) refuseUnknowable(one, knownResources(plan), sharedSaid(plan.service))
    if (named === id) giveRole(plan.resources, one.logicalId, id, roleOf(plan, one))
    else if (!named) addToShared(plan, one)
    else if (settings.iamStatements)
      throw refused(
        `function ${name} has a role of its own and millrace.iamStatements, which would go nowhere; add them to that role, or remove role`,
      )
    else
      plan.warn(
        `function ${name} has the role that serverless.yml names for it, and the framework adds no permission to that: it needs ${needed(plan, one)}`,
      )
  }
}

/** Adds the role of a function, by which osls has it run already. */
export function giveRole(
  resources: Record<string, Resource>,
  functionId: string,
  roleId: string,
  role: Resource,
): void {
  resources[roleId] = role
  const { [functionId]: compiled } = resources
  if (compiled === undefined) return
  // osls has the function depend on its role twice; cfn-lint warns of that.
  const { DependsOn = [], ...others } = compiled
  const left = [DependsOn].flat().filter((dependency) => dependency !== roleId)
  resources[functionId] = { ...others, ...(left.length > 0 && { DependsOn: left }) }
}

function needed(plan: Plan, one: PlannedFunction): string {
  const actions = permissionsOf(plan, one).flatMap(({ Action }) => Action)
  return `${[...new Set(actions)].join(', ')} (docs/permissions.md says on what)`
}

function addToShared(plan: Plan, one: PlannedFunction): void {
  const shared = sharedStatements(plan)
  if (!shared) throw refused(`osls wrote no role for function ${one.name}; this plugin is made for osls 4.3`)
  shared.push(...permissionsOf(plan, one), ...(one.settings.iamStatements ?? []))
}

/** What serverless.yml says of the role that functions share holds for each of their own, too, as osls reads it. */
function roleOf(plan: Plan, one: PlannedFunction): Resource {
  const { provider } = plan.service
  const said = sharedRole(plan.service)
  const own = [...permissionsOf(plan, one), ...(one.settings.iamStatements ?? [])]
  const statements = [...own, ...sharedSaid(plan.service)]
  const managed = said.managedPolicies ?? provider.iamManagedPolicies ?? []
  return {
    ...roleResource(plan, statements, managed),
    ...(one.declared.condition && { Condition: one.declared.condition }),
  }
}

/** A role that a function runs with, within the bounds that serverless.yml sets to all. */
export function roleResource(plan: Plan, Statement: readonly object[], managed: readonly unknown[] = []): Resource {
  const said = sharedRole(plan.service)
  const boundary = said.permissionsBoundary ?? said.permissionBoundary ?? plan.service.provider.rolePermissionsBoundary
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: ['lambda.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
      },
      Path: plan.provider.naming.getRolePath(),
      Policies: [{ PolicyName: 'function', PolicyDocument: { Version: '2012-10-17', Statement } }],
      ...(managed.length > 0 && { ManagedPolicyArns: managed }),
      ...(boundary !== undefined && { PermissionsBoundary: boundary }),
      ...(said.tags && { Tags: Object.entries(said.tags).map(([Key, Value]) => ({ Key, Value })) }),
    },
  }
}

/** The statements that serverless.yml gives to all functions. */
const sharedSaid = (service: Service): readonly object[] =>
  sharedRole(service).statements ?? service.provider.iamRoleStatements ?? []

function sharedRole({ provider: { iam } }: Service): SharedRole {
  return typeof iam?.role === 'object' && iam.role !== null ? iam.role : {}
}
