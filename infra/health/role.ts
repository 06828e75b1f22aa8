import { healthFunction } from '../../lib/deployment/index.js'
import type { Plan } from '../plan.js'
import {
  allow,
  giveRole,
  onlyThrough,
  ownStatements,
  roleResource,
  setLogRetention,
  tableArn,
} from '../resources/index.js'
import type { Provider, Service } from '../serverless.js'

const roleId = 'MillraceHealthRole'

/**
 * Tells osls, before it writes roles and log groups, what the health function has of its own. No role where serverless.yml names one
 * for all functions: then it needs that one's permission for `dynamodb:BatchGetItem` on the ledger table and `dynamodb:Scan` on the
 * failures table.
 */
export function prepareHealth(service: Service, provider: Provider): void {
  const declared = service.functions?.[healthFunction]
  if (declared === undefined) return
  if (!provider.getCustomExecutionRole(declared)) declared.role = roleId
  setLogRetention(declared, service)
}

/** Adds the role of the health function, with what it needs and no more: it writes nothing but its log. */
export function addHealthRole(plan: Plan): void {
  const { service, provider, tables, resources, settings } = plan
  const declared = service.functions?.[healthFunction]
  if (declared?.role !== roleId) return
  const logicalId = provider.naming.getLambdaLogicalId(healthFunction)
  const { kmsKeyArn } = settings.tables ?? {}
  const role = roleResource(plan, [
    // The ledgers of a topic's partitions, by their keys.
    ...allow('dynamodb', ['BatchGetItem'], [tableArn('ledger', tables, resources)]),
    // How much waits among the failures.
    ...allow('dynamodb', ['Scan'], [tableArn('failures', tables, resources)]),
    ...(kmsKeyArn === undefined ? [] : allow('kms', ['Decrypt', 'DescribeKey'], [kmsKeyArn], onlyThrough('dynamodb'))),
    ...ownStatements(plan, { name: healthFunction, declared, logicalId }),
  ])
  giveRole(resources, logicalId, roleId, role)
}
