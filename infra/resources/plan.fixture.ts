import { declaredMappings } from '../events/index.js'
import { functionsWithTimeout, type Plan, plannedFunctions } from '../plan.js'
import type { Provider, Resource, Service, ServiceFunction } from '../serverless.js'
import { prepareFunctions } from './prepare.js'
import { tableNames, tableResources } from './tables.js'

/** osls' naming and its answers, as far as roles need them. */
const provider: Provider = {
  getStage: () => 'dev',
  getCustomExecutionRole: ({ role }) => role,
  getAwsSdkV3Config: () => Promise.reject(new Error('AWS is not asked here')),
  getCloudFormationClient: () => Promise.reject(new Error('AWS is not asked here')),
  naming: {
    getLambdaLogicalId: (name) => `${name}LambdaFunction`,
    getLogGroupName: (deployed) => `/aws/lambda/${deployed}`,
    getRoleLogicalId: () => 'IamRoleLambdaExecution',
    getRolePath: () => '/',
    getStackName: () => 'shop-dev',
    getKafkaEventLogicalId: (name, topic) => `${name}${topic}`,
    getMSKEventLogicalId: (name, _, topic) => `${name}${topic}`,
  },
}

/** What a test says of a service; everything else is as it mostly is. */
export interface Given {
  readonly functions: Readonly<Record<string, ServiceFunction>>
  readonly service?: Partial<Service>
  readonly providerSettings?: Partial<Service['provider']>
  /** As osls compiled them. */
  readonly compiled?: Readonly<Record<string, Resource>>
  readonly warn?: (text: string) => void
}

export const sharedRole = (): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: { Policies: [{ PolicyDocument: { Statement: [] } }] },
})

/** A plan as it is when roles are added: functions and mappings compiled, tables there. */
export function planOf({ functions, service: more, providerSettings, compiled, warn = () => {} }: Given): Plan {
  const service: Service = {
    service: 'shop',
    functions: structuredClone(functions),
    provider: { name: 'aws', ...providerSettings },
    ...more,
  }
  const mappings = declaredMappings(service)
  prepareFunctions(service, provider, mappings)
  const tables = tableNames('shop', 'dev')
  const settings = service.custom?.millrace ?? {}
  const ids = new Map(mappings.map((one) => [one, `${one.functionName}${one.told.topic}`]))
  const resources = { IamRoleLambdaExecution: sharedRole(), ...tableResources(tables, settings.tables), ...compiled }
  return {
    ...{ service, stage: 'dev', provider, settings, tables, resources, warn },
    functions: plannedFunctions(service, provider, ids, functionsWithTimeout(service)),
  }
}
