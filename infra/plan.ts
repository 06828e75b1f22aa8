import type { DeclaredMapping } from './events/index.js'
import type { TableNames } from './resources/index.js'
import type { Provider, Resource, Service, ServiceFunction } from './serverless.js'
import type { FunctionSettings, ServiceSettings } from './settings/index.js'

/** What the generated parts of a stack are made from, once osls has compiled functions and mappings. */
export interface Plan {
  readonly service: Service
  readonly stage: string
  readonly provider: Provider
  readonly settings: ServiceSettings
  readonly tables: TableNames
  /** Those with a `kafka` or `msk` event, in the order of serverless.yml. */
  readonly functions: readonly PlannedFunction[]
  /** The template's, which the parts add to. */
  readonly resources: Record<string, Resource>
  warn(text: string): void
}

/** A function that reads Kafka. */
export interface PlannedFunction {
  /** As in serverless.yml, for example `orders`. */
  readonly name: string
  /** As deployed, for example `shop-dev-orders`. */
  readonly deployed: string
  /** Of the `AWS::Lambda::Function`. */
  readonly logicalId: string
  readonly declared: ServiceFunction
  /** Whether serverless.yml says a time-out for it; in `declared` there is one at all times. */
  readonly isTimeoutSet: boolean
  readonly settings: FunctionSettings
  readonly mappings: readonly PlannedMapping[]
}

/** An event source mapping with its logical id: `Ref` of it is the UUID that its metrics have as a dimension. */
export interface PlannedMapping extends DeclaredMapping {
  readonly logicalId: string
}

/** The functions for which serverless.yml says a time-out. Known early only: osls writes its default into what was declared. */
export function functionsWithTimeout({ functions = {}, provider }: Service): ReadonlySet<string> {
  const all = Object.entries(functions)
  return new Set(all.flatMap(([name, { timeout = provider.timeout }]) => (timeout === undefined ? [] : [name])))
}

/** The functions that read Kafka. */
export function plannedFunctions(
  service: Service,
  { naming }: Provider,
  mappings: ReadonlyMap<DeclaredMapping, string>,
  withTimeout: ReadonlySet<string>,
): readonly PlannedFunction[] {
  return Object.entries(service.functions ?? {}).flatMap(([name, declared]) => {
    const own = [...mappings].filter(([{ functionName }]) => functionName === name)
    if (own.length === 0) return []
    const planned: PlannedFunction = {
      name,
      deployed: declared.name ?? name,
      logicalId: naming.getLambdaLogicalId(name),
      declared,
      isTimeoutSet: withTimeout.has(name),
      settings: declared.millrace ?? {},
      mappings: own.map(([mapping, logicalId]) => ({ ...mapping, logicalId })),
    }
    return [planned]
  })
}
