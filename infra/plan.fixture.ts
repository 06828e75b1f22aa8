import { healthFunction } from '../lib/deployment/index.js'
import type { Plan, PlannedFunction } from './plan.js'
import type { Resource } from './serverless.js'

/** A plan as osls and the plugin leave it, of functions with their topics. What was warned of is in `warnings`. */
export function planOf(
  functions: Readonly<Record<string, readonly string[]>>,
  {
    timeout = 60,
    metrics = ['EventCount', 'ErrorCount', 'KafkaMetrics'],
    partialResponses = true,
    reserved,
    signedBy = 'shop',
    ofFunctions = {},
    ...settings
  }: Plan['settings'] & {
    readonly timeout?: number
    readonly metrics?: readonly string[]
    readonly partialResponses?: boolean
    readonly reserved?: number
    /** What functions sign their metrics with. */
    readonly signedBy?: string | object
    readonly ofFunctions?: PlannedFunction['settings']
  } = {},
) {
  const resources: Record<string, Resource> = {}
  const environment = { POWERTOOLS_SERVICE_NAME: signedBy }
  const planned = Object.entries(functions).map(([name, topics]): PlannedFunction => {
    const logicalId = `Fn${Buffer.from(name).toString('hex')}`
    const Properties = { Timeout: timeout, ...(reserved !== undefined && { ReservedConcurrentExecutions: reserved }) }
    resources[logicalId] = { Type: 'AWS::Lambda::Function', Properties }
    const mappings = topics.map((topic) => {
      const id = `${logicalId}Reads${Buffer.from(topic).toString('hex')}`
      const provisioned = partialResponses && { ProvisionedPollerConfig: { MinimumPollers: 1 } }
      resources[id] = {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { MetricsConfig: { Metrics: metrics }, ...provisioned },
      }
      const told = { topic, group: `${name}-group`, partialResponses, withholds: false }
      return { functionName: name, type: 'kafka' as const, settings: { topic }, told, logicalId: id } as never
    })
    return {
      name,
      deployed: `shop-dev-${name}`,
      logicalId,
      declared: { environment },
      isTimeoutSet: true,
      settings: ofFunctions,
      mappings,
    }
  })
  const warnings: string[] = []
  const plan: Plan = {
    service: {
      service: 'shop',
      provider: { name: 'aws' },
      functions:
        settings.health === false ? {} : { [healthFunction]: { name: 'shop-dev-millrace-health', environment } },
    },
    stage: 'dev',
    // What is made from a plan asks osls nothing.
    provider: {} as Plan['provider'],
    settings,
    tables: { ledger: 'shop-dev-ledger', failures: 'shop-dev-failures' } as Plan['tables'],
    functions: planned,
    resources,
    warn: (text) => warnings.push(text),
  }
  return { plan, warnings }
}
