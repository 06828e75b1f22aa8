import type { Mapping } from '../../lib/deployment/index.js'
import { MillraceError } from '../../lib/errors.js'
import type { Service } from '../serverless.js'
import { mappingOf, propertiesOf } from './properties.js'
import type { EventSettings } from './settings.js'

/** One event source mapping of the service, as serverless.yml declares it. */
export interface DeclaredMapping {
  readonly functionName: string
  readonly type: 'kafka' | 'msk'
  readonly settings: EventSettings
  /** What the function is told of it. */
  readonly told: Mapping
}

/** What Lambda offers in provisioned mode only (KAFKA-ESM §3, §4), and how it reads when it asks for nothing. */
const provisionedOnly = [
  ['functionResponseTypes', (settings: EventSettings) => !settings.functionResponseTypes?.length],
  ['maximumRetryAttempts', (settings: EventSettings) => (settings.maximumRetryAttempts ?? -1) === -1],
  ['maximumRecordAgeInSeconds', (settings: EventSettings) => (settings.maximumRecordAgeInSeconds ?? -1) === -1],
  ['bisectBatchOnFunctionError', (settings: EventSettings) => !settings.bisectBatchOnFunctionError],
  ['schemaRegistryConfig', (settings: EventSettings) => settings.schemaRegistryConfig === undefined],
] as const

/**
 * All Kafka mappings of the service.
 *
 * @throws MillraceError `ML_PLUGIN_CONFIG` where a mapping would not do what it says, or two would share a ledger.
 */
export function declaredMappings(service: Service): readonly DeclaredMapping[] {
  const found: DeclaredMapping[] = []
  for (const [functionName, { events = [] }] of Object.entries(service.functions ?? {})) {
    for (const event of events) {
      if (event.kafka) found.push(declare(functionName, 'kafka', event.kafka))
      if (event.msk) found.push(declare(functionName, 'msk', event.msk))
    }
  }
  refuseAmbiguity(found)
  return found
}

function declare(functionName: string, type: 'kafka' | 'msk', given: EventSettings): DeclaredMapping {
  const where = `function ${functionName}, ${type} event of topic ${given.topic}`
  const settings = type === 'msk' ? given : { ...given, bootstrapServers: brokers(given.bootstrapServers ?? [], where) }
  if (!settings.consumerGroupId) {
    throw refused(
      `${where}: consumerGroupId is missing; the ledger that remembers what is settled is named by it, and the one that Lambda would draw changes with every new mapping. Set consumerGroupId, for example "${functionName}"`,
    )
  }
  if (settings.provisionedPollerConfig && Object.keys(settings.provisionedPollerConfig).length === 0) {
    throw refused(`${where}: an empty provisionedPollerConfig turns provisioned mode off; set minimumPollers in it`)
  }
  if (settings.provisionedPollerConfig === undefined) {
    for (const [name, isUnused] of provisionedOnly) {
      if (isUnused(settings)) continue
      throw refused(
        `${where}: Lambda honours ${name} in provisioned mode only; add provisionedPollerConfig: { minimumPollers: 1 } to the event, or remove ${name}`,
      )
    }
  }
  const told = mappingOf(type, propertiesOf(type, settings))
  return { functionName, type, settings, told }
}

/** One environment variable holds several brokers joined by commas; CloudFormation wants a list. */
function brokers(given: readonly string[], where: string): readonly string[] {
  const list = given.flatMap((entry) => entry.split(',')).flatMap((entry) => entry.trim() || [])
  if (list.length > 0) return list
  throw refused(`${where}: bootstrapServers names no broker; give host:port, several joined by commas`)
}

function refuseAmbiguity(mappings: readonly DeclaredMapping[]): void {
  const byTopic = new Map<string, DeclaredMapping>()
  const byGroup = new Map<string, DeclaredMapping>()
  for (const mapping of mappings) {
    const { topic, group } = mapping.told
    const ofFunction = JSON.stringify([mapping.functionName, topic])
    if (byTopic.has(ofFunction)) {
      throw refused(
        `function ${mapping.functionName} reads topic ${topic} through two events; what Lambda delivers does not say through which, so the ledger could not tell them apart. Give each event a function of its own`,
      )
    }
    byTopic.set(ofFunction, mapping)
    const ofGroup = JSON.stringify([group, topic])
    const other = byGroup.get(ofGroup)
    if (other) {
      throw refused(
        `functions ${other.functionName} and ${mapping.functionName} read topic ${topic} as one group "${group}"; each would get some of the partitions, and both would write one ledger. Give each its own consumerGroupId`,
      )
    }
    byGroup.set(ofGroup, mapping)
  }
}

export function refused(message: string): MillraceError {
  return new MillraceError('ML_PLUGIN_CONFIG', message)
}
