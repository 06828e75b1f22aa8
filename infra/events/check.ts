import { MillraceError } from '../../lib/errors.js'
import type { Resource } from '../serverless.js'
import { checkAuthentication } from './check-authentication.js'
import { destinationOf } from './destination.js'
import { refused } from './refused.js'
import type { EventSettings } from './settings.js'

/** What Lambda offers in provisioned mode only (KAFKA-ESM §3, §4), and how it reads when it asks for nothing. */
const provisionedOnly = [
  ['functionResponseTypes', (settings: EventSettings) => !settings.functionResponseTypes?.length],
  ['maximumRetryAttempts', (settings: EventSettings) => (settings.maximumRetryAttempts ?? -1) === -1],
  ['maximumRecordAgeInSeconds', (settings: EventSettings) => (settings.maximumRecordAgeInSeconds ?? -1) === -1],
  ['bisectBatchOnFunctionError', (settings: EventSettings) => !settings.bisectBatchOnFunctionError],
  ['schemaRegistryConfig', (settings: EventSettings) => settings.schemaRegistryConfig === undefined],
  ['metricsConfig', (settings: EventSettings) => !settings.metricsConfig?.metrics.length],
  ['loggingConfig', (settings: EventSettings) => settings.loggingConfig === undefined],
  ['an onFailureDestination in Kafka', (settings: EventSettings) => destination(settings)?.kind !== 'kafka'],
] as const

/** Seconds that no clock shows for thousands of years: milliseconds, rather. */
const millisecondsFrom = 100_000_000_000

/**
 * Refuses what Lambda would refuse only at deployment, or take for something else than was meant.
 *
 * @param where the event, as the beginning of a message
 * @param resources those under `resources` of serverless.yml, by logical id
 * @throws MillraceError `ML_PLUGIN_CONFIG`, or `ML_QUEUE_MODE`
 */
export function checkSettings(
  settings: EventSettings,
  where: string,
  resources: Readonly<Record<string, Resource>>,
  nowMs: number,
): void {
  if (!settings.consumerGroupId) {
    throw refused(
      `${where}: consumerGroupId is missing; the ledger that remembers what is settled is named by it, and the one that Lambda would draw changes with every new mapping. Set consumerGroupId, for example to the names of function and topic`,
    )
  }
  if (settings.consumptionMode === 'Queue') throw queueMode(where)
  checkBrokers(settings, where)
  checkPollers(settings, where)
  checkRecordAge(settings, where)
  checkStart(settings, where, nowMs)
  checkAuthentication(settings, where)
  checkRegistry(settings, where)
  checkDestination(settings, where, resources)
}

/** Share groups deliver in no order and to anyone: what the ledger stands on is not there. */
export function queueMode(where: string): MillraceError {
  return new MillraceError(
    'ML_QUEUE_MODE',
    `${where}: consumptionMode Queue reads through a share group, which keeps no order and commits no offsets, so nothing could be settled once. Take consumptionMode out`,
  )
}

function checkBrokers({ bootstrapServers }: EventSettings, where: string): void {
  if (bootstrapServers === undefined) return
  if (bootstrapServers.length === 0) {
    throw refused(`${where}: bootstrapServers names no broker; give host:port, several joined by commas`)
  }
  if (bootstrapServers.length > 10) throw refused(`${where}: bootstrapServers names over 10 brokers; Lambda takes 10`)
  const strange = bootstrapServers.find((one) => !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?:\d{1,5}$/i.test(one))
  if (strange !== undefined) throw refused(`${where}: bootstrapServers has "${strange}", which is not host:port`)
}

function checkPollers(settings: EventSettings, where: string): void {
  const { provisionedPollerConfig: pollers } = settings
  if (pollers === undefined) {
    for (const [name, isUnused] of provisionedOnly) {
      if (isUnused(settings)) continue
      throw refused(
        `${where}: Lambda honours ${name} in provisioned mode only; add provisionedPollerConfig: { minimumPollers: 1 } to the event, or remove it`,
      )
    }
    return
  }
  const { minimumPollers, maximumPollers } = pollers
  if (minimumPollers === undefined && maximumPollers === undefined) {
    throw refused(
      `${where}: a provisionedPollerConfig without minimumPollers turns provisioned mode off; set minimumPollers in it`,
    )
  }
  if ((minimumPollers ?? 1) > (maximumPollers ?? 200)) {
    throw refused(
      `${where}: minimumPollers ${minimumPollers} is over maximumPollers, ${maximumPollers ?? '200 where none is given'}; raise maximumPollers`,
    )
  }
}

/** The schema has the ends alone: of two ranges osls would say no more than "unsupported integer format". */
function checkRecordAge({ maximumRecordAgeInSeconds: age = -1 }: EventSettings, where: string): void {
  if (age === -1 || age >= 60) return
  throw refused(
    `${where}: maximumRecordAgeInSeconds is ${age}, and Lambda takes -1, or 60 to 604,800; set 60 or more, or leave it out for any age`,
  )
}

function checkStart(
  { startingPosition, startingPositionTimestamp: at }: EventSettings,
  where: string,
  nowMs: number,
): void {
  if (startingPosition !== 'AT_TIMESTAMP') {
    if (at === undefined) return
    throw refused(`${where}: startingPositionTimestamp goes with startingPosition: AT_TIMESTAMP alone; set that too`)
  }
  if (at === undefined) {
    throw refused(`${where}: startingPosition AT_TIMESTAMP needs startingPositionTimestamp, in unix seconds`)
  }
  if (at >= millisecondsFrom) {
    throw refused(
      `${where}: startingPositionTimestamp ${at} is in milliseconds; Lambda takes unix seconds: ${Math.floor(at / 1_000)}`,
    )
  }
  if (at * 1_000 > nowMs) {
    throw refused(`${where}: startingPositionTimestamp ${at} is in the future; Lambda takes what has been`)
  }
}

function checkRegistry({ schemaRegistryConfig: registry }: EventSettings, where: string): void {
  if (!registry?.accessConfigs?.length || String(registry.schemaRegistryURI).startsWith('https://')) return
  if (typeof registry.schemaRegistryURI !== 'string') return
  throw refused(
    `${where}: schemaRegistryConfig has accessConfigs for a Glue registry, which the function's role reads; take them out`,
  )
}

function checkDestination(settings: EventSettings, where: string, resources: Readonly<Record<string, Resource>>): void {
  const { onFailureDestination: given } = settings
  const place = destination(settings, resources)
  if (place?.kind === 'kafka' && place.topic === settings.topic) {
    throw refused(`${where}: onFailureDestination is the topic that the event reads; name another one`)
  }
  // A queue's Ref is its URL and a bucket's is its name.
  if (typeof given === 'object' && 'Ref' in given && (place?.kind === 'sqs' || place?.kind === 's3')) {
    throw refused(
      `${where}: onFailureDestination has Ref ${given.Ref}, which is no ARN; write Fn::GetAtt: [${given.Ref}, Arn]`,
    )
  }
}

function destination({ onFailureDestination }: EventSettings, resources: Readonly<Record<string, Resource>> = {}) {
  return onFailureDestination === undefined ? undefined : destinationOf(onFailureDestination, resources)
}
