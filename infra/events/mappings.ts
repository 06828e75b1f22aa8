import type { Mapping } from '../../lib/deployment/index.js'
import { MillraceError } from '../../lib/errors.js'
import type { Service } from '../serverless.js'
import { together } from '../together.js'
import { checkSettings } from './check.js'
import { mappingOf, propertiesOf } from './properties.js'
import { refused } from './refused.js'
import type { EventSettings } from './settings.js'

/** One event source mapping of the service, as serverless.yml declares it. */
export interface DeclaredMapping {
  readonly functionName: string
  readonly type: 'kafka' | 'msk'
  readonly settings: EventSettings
  /** What the function is told of it. */
  readonly told: Mapping
}

/**
 * All Kafka mappings of the service.
 *
 * @param nowMs milliseconds since 1970
 * @throws MillraceError `ML_PLUGIN_CONFIG` where a mapping would not do what it says, or two would share a ledger; `ML_QUEUE_MODE`; `ML_CHECKS_FAILED`
 * for several of them.
 */
export function declaredMappings(service: Service, nowMs: number = Date.now()): readonly DeclaredMapping[] {
  const found: DeclaredMapping[] = []
  const refusals: MillraceError[] = []
  const add = (functionName: string, type: 'kafka' | 'msk', event: EventSettings): void => {
    try {
      found.push(declare(functionName, type, event, service, nowMs))
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      refusals.push(error)
    }
  }
  for (const [functionName, { events = [] }] of Object.entries(service.functions ?? {})) {
    for (const event of events) {
      if (event.kafka) add(functionName, 'kafka', event.kafka)
      if (event.msk) add(functionName, 'msk', event.msk)
    }
  }
  const refusal = together(refusals)
  if (refusal) throw refusal
  refuseAmbiguity(found)
  return found
}

function declare(
  functionName: string,
  type: 'kafka' | 'msk',
  given: EventSettings,
  { resources }: Service,
  nowMs: number,
): DeclaredMapping {
  const settings = type === 'msk' ? given : { ...given, bootstrapServers: brokers(given.bootstrapServers ?? []) }
  const where = `function ${functionName}, ${type} event of topic ${settings.topic}`
  checkSettings(settings, where, resources?.Resources ?? {}, nowMs)
  return { functionName, type, settings, told: mappingOf(type, propertiesOf(type, settings)) }
}

/**
 * One environment variable holds several brokers joined by commas; CloudFormation wants a list, each once. In one order, because it would replace the
 * mapping for another.
 */
function brokers(given: readonly string[]): readonly string[] {
  const list = given.flatMap((entry) => entry.split(',')).flatMap((entry) => entry.trim() || [])
  return [...new Set(list)].sort()
}

/**
 * One topic of a function is read by one mapping, because what Lambda delivers does not say through which; and one group by one mapping, because
 * Lambda takes a group once ("must be unique among all your Kafka event sources"), and two would share partitions and ledger.
 */
function refuseAmbiguity(mappings: readonly DeclaredMapping[]): void {
  const byTopic = new Map<string, DeclaredMapping>()
  const byGroup = new Map<string, DeclaredMapping>()
  for (const mapping of mappings) {
    const { functionName, told } = mapping
    const ofFunction = JSON.stringify([functionName, told.topic])
    if (byTopic.has(ofFunction)) {
      throw refused(
        `function ${functionName} reads topic ${told.topic} through two events; what Lambda delivers does not say through which, so the ledger could not tell them apart. Give each event a function of its own`,
      )
    }
    byTopic.set(ofFunction, mapping)
    const other = byGroup.get(told.group)
    if (other) {
      const both = `${readerOf(other)}, and ${readerOf(mapping)},`
      throw refused(
        other.told.topic === told.topic
          ? `${both} as one group "${told.group}"; each would get some of the partitions, and both would write one ledger. Give each its own consumerGroupId`
          : `${both} as one group "${told.group}"; Lambda takes a group for one mapping only. Give each its own consumerGroupId, for example "${told.group}-${told.topic}"`,
      )
    }
    byGroup.set(told.group, mapping)
  }
}

function readerOf({ functionName, told }: DeclaredMapping): string {
  return `function ${functionName} reads topic ${told.topic}`
}
