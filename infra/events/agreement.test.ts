import { expect, it } from 'vitest'
import { deploymentVariables } from '../../lib/deployment/index.js'
import type { Resource, Service } from '../serverless.js'
import { refuseDisagreement } from './agreement.js'
import { setEnvironment } from './environment.js'
import { declaredMappings } from './mappings.js'

const kafka = { topic: 'orders', bootstrapServers: ['b1:9092'], consumerGroupId: 'orders' }
const service: Service = {
  service: 'shop',
  functions: { orders: { events: [{ kafka }] } },
  provider: { name: 'aws' },
}
const mappings = declaredMappings(service)
setEnvironment(service, mappings, { ledger: 'shop-dev-ledger', failures: 'shop-dev-failures' })
const ids = new Map(mappings.map((mapping) => [mapping, 'OrdersMapping']))

/** Nothing, where function and mappings agree. */
function refusal(more: Record<string, Resource>): string {
  const Environment = { Variables: { ...service.functions?.orders?.environment } }
  const resources = {
    OrdersLambdaFunction: { Type: 'AWS::Lambda::Function', Properties: { Environment } },
    OrdersMapping: mapping('OrdersLambdaFunction'),
    ...more,
  }
  const naming = { getLambdaLogicalId: () => 'OrdersLambdaFunction' }
  try {
    refuseDisagreement(service, naming, resources, ids)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function mapping(functionId: string): Resource {
  const FunctionName = { 'Fn::GetAtt': [functionId, 'Arn'] }
  return { Type: 'AWS::Lambda::EventSourceMapping', Properties: { FunctionName, Topics: ['orders'] } }
}

it('what "resources" adds for other functions is left alone', () => {
  expect(refusal({})).toBe('')
  expect(refusal({ Other: mapping('OrdersLambdaFunctionOfOld') })).toBe('')
})

it('a mapping that the function is not told of is refused', () => {
  expect(refusal({ Other: mapping('OrdersLambdaFunction') })).toMatch(
    /^ML_PLUGIN_CONFIG: "resources" adds the mapping Other to function orders, .* declare it as a kafka or msk event/,
  )
})

it.each(Object.values(deploymentVariables))('an environment with another %s is refused', (name) => {
  const Variables = { ...service.functions?.orders?.environment, [name]: 'other' }
  const OrdersLambdaFunction = { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } }
  expect(refusal({ OrdersLambdaFunction })).toMatch(new RegExp(`changes ${name} of function orders; .* Take it out`))
})
