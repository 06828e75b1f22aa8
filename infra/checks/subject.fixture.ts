import type { DeliveryNeeds, Finding } from '../../lib/deployment/index.js'
import type { EventSettings } from '../events/index.js'
import type { Plan } from '../plan.js'
import type { Resource } from '../serverless.js'
import type { FunctionSettings } from '../settings/index.js'
import { checkService } from './check.js'
import type { Exit } from './exits.js'

/** What a function says that says nothing. */
export const needs: DeliveryNeeds = {
  attempts: 5,
  intervalMs: 200,
  factor: 2,
  capMs: 30_000,
  maxHolds: 100,
  holds: false,
  keeps: false,
  reserveMs: undefined,
  recordTimeoutMs: undefined,
  batchTimeoutMs: undefined,
  leaseMs: 10_000,
}

/** How a function of a test differs from one with which nothing is wrong. */
export interface Differences {
  readonly function?: object
  /** Of its mapping, as CloudFormation has it. */
  readonly mapping?: object
  readonly event?: Partial<EventSettings>
  readonly type?: 'kafka' | 'msk'
  readonly needs?: Partial<DeliveryNeeds> | string
  readonly exits?: readonly Exit[]
  readonly settings?: FunctionSettings
  /** Seconds in serverless.yml; null: it says none. */
  readonly declaredTimeout?: number | null
  readonly isDeployed?: boolean
  /** What else serverless.yml says of the function. */
  readonly declared?: object
}

/** What the checks find in a service with these functions, each of which reads the topic of its name. */
export async function findingsOf(functions: Readonly<Record<string, Differences>>): Promise<readonly Finding[]> {
  const resources: Record<string, Resource> = {}
  for (const [name, { function: own, mapping }] of Object.entries(functions)) {
    const properties = { Timeout: 60, MemorySize: 1_024, ...own }
    resources[`${name}Function`] = { Type: 'AWS::Lambda::Function', Properties: properties }
    const read = {
      Topics: [name],
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['b1.example.com:9092'] } },
      ...mapping,
    }
    resources[`${name}Mapping`] = { Type: 'AWS::Lambda::EventSourceMapping', Properties: read }
  }
  const plan = {
    service: { service: 'shop', provider: { name: 'aws' } },
    ...{ stage: 'dev', resources, settings: {} },
    provider: { naming: { getLogGroupName: (name: string) => `/aws/lambda/${name}` } },
    functions: Object.entries(functions).map(([name, differences]) => plannedFunction(name, differences)),
  }
  return checkService(plan as unknown as Plan, {
    isDeployed: Object.values(functions).some(({ isDeployed }) => isDeployed),
    codeOf: async (name) => {
      const { needs: own = {}, exits = [] } = functions[name] ?? {}
      return { needs: typeof own === 'string' ? own : { ...needs, ...own }, exits }
    },
  })
}

function plannedFunction(
  name: string,
  { event, type = 'kafka', settings = {}, declaredTimeout = 60, declared }: Differences,
) {
  const told = { topic: name, group: name, partialResponses: true, withholds: false }
  return {
    ...{ name, deployed: `shop-dev-${name}`, logicalId: `${name}Function`, settings },
    isTimeoutSet: declaredTimeout !== null,
    declared: declared ?? {},
    mappings: [{ functionName: name, type, settings: { topic: name, ...event }, told, logicalId: `${name}Mapping` }],
  }
}

/** The codes that are found in a service of one function, `orders`. */
export const codesOf = async (differences: Differences): Promise<readonly string[]> =>
  (await findingsOf({ orders: differences })).map(({ code }) => code)

/** The text of the only finding in it, after its code. */
export async function findingOf(differences: Differences): Promise<string> {
  const findings = await findingsOf({ orders: differences })
  const [only, ...others] = findings
  if (only === undefined || others.length > 0) throw new Error(`found ${JSON.stringify(findings)}, not one`)
  return `${only.code}: ${only.message}`
}
