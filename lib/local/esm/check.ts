import { MillraceError, show } from '../../errors.js'
import type { MappingConfig } from './config.js'
import { readDestination } from './destination/index.js'
import type { Log } from './kafka.js'
import type { EsmSwitches } from './switches.js'

/**
 * Refuses what Lambda would refuse and what this emulator cannot do.
 *
 * @throws MillraceError `ML_LOCAL_MAPPING_UNSUPPORTED`
 */
export function checkConfig(config: MappingConfig): void {
  const refuse: Refuse = (property, value, advice) => {
    throw new MillraceError(
      'ML_LOCAL_MAPPING_UNSUPPORTED',
      `the mapping ${config.id} has ${property} ${show(value)}; ${advice}`,
    )
  }
  checkUnknown(config, refuse)
  checkNumbers(config, refuse)
  checkStart(config, refuse)
  checkAccess(config, refuse)
  checkDestination(config, refuse)
  if (!/^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/.test(config.group)) {
    refuse('ConsumerGroupId', config.group, 'Lambda takes 1 to 200 of the characters a-z A-Z 0-9 - / * : _ + = . @')
  }
}

type Refuse = (property: string, value: unknown, advice: string) => never

function checkUnknown({ consumptionMode, schemaRegistry }: MappingConfig, refuse: Refuse): void {
  if (consumptionMode === 'Queue') {
    refuse('ConsumptionMode', 'Queue', 'share groups have no local emulation: set Stream for local runs')
  }
  if (schemaRegistry !== undefined) {
    refuse(
      'SchemaRegistryConfig',
      schemaRegistry,
      'the local emulator validates against no registry yet: take it out for local runs, or the function would get other bytes than deployed',
    )
  }
}

function checkNumbers(config: MappingConfig, refuse: Refuse): void {
  const range = (property: keyof MappingConfig, min: number, max: number, orElse?: number): void => {
    const value = config[property]
    if (value === undefined || (value === orElse && orElse !== undefined)) return
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      const also = orElse === undefined ? '' : `, or ${orElse} for no limit`
      refuse(property, value, `Lambda takes whole numbers from ${min} to ${max}${also}`)
    }
  }
  range('batchSize', 1, 10_000)
  range('batchingWindowMs', 0, 300_000)
  range('minimumPollers', 1, 200)
  range('maximumPollers', 1, 2000)
  range('maximumRetryAttempts', 0, 10_000, -1)
  range('maximumRecordAgeSeconds', 60, 604_800, -1)
  const { minimumPollers = 1, maximumPollers = 200 } = config
  if (minimumPollers > maximumPollers) refuse('minimumPollers', minimumPollers, `maximumPollers is ${maximumPollers}`)
}

function checkStart({ startingPosition, startingPositionTimestamp: at }: MappingConfig, refuse: Refuse): void {
  if (!['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'].includes(startingPosition)) {
    refuse('StartingPosition', startingPosition, 'Lambda takes TRIM_HORIZON, LATEST and AT_TIMESTAMP')
  }
  if (startingPosition !== 'AT_TIMESTAMP') {
    if (at !== undefined) refuse('StartingPositionTimestamp', at, 'it goes with StartingPosition AT_TIMESTAMP alone')
    return
  }
  if (at === undefined) refuse('StartingPosition', startingPosition, 'give a StartingPositionTimestamp with it')
  if (!((at ?? -1) >= 0) || (at ?? 0) * 1000 > Date.now()) {
    refuse('StartingPositionTimestamp', at, 'give unix seconds that are not in the future')
  }
}

/** What a Kafka mapping may name, `VIRTUAL_HOST` excepted, which is for Amazon MQ. */
const accessTypes =
  /^(BASIC_AUTH|SASL_SCRAM_(256|512)_AUTH|CLIENT_CERTIFICATE_TLS_AUTH|SERVER_ROOT_CA_CERTIFICATE|VPC_SUBNET|VPC_SECURITY_GROUP|IAM_AUTH|IAM_OAUTHBEARER_AUTH|OAUTHBEARER_(AUTH|SCOPE|AUDIENCE|LOGICAL_CLUSTER|IDENTITY_POOL))$/

function checkAccess({ sourceAccess = [] }: MappingConfig, refuse: Refuse): void {
  if (sourceAccess.length > 22) refuse('SourceAccessConfigurations', sourceAccess.length, 'Lambda takes up to 22')
  for (const type of sourceAccess) {
    if (!accessTypes.test(type))
      refuse('SourceAccessConfigurations of type', type, 'Lambda knows no such type for Kafka')
  }
}

function checkDestination({ onFailureDestination, topic, provisioned }: MappingConfig, refuse: Refuse): void {
  if (onFailureDestination === undefined) return
  const place = readDestination(onFailureDestination)
  if (!place) {
    refuse(
      'OnFailure',
      onFailureDestination,
      'Lambda takes ARNs of SQS queues, SNS topics and S3 buckets, and kafka://topic',
    )
  }
  if (place?.kind !== 'kafka') return
  if (place.name === topic) refuse('OnFailure', onFailureDestination, 'it is the topic that the mapping reads')
  if (!provisioned) {
    refuse('OnFailure', onFailureDestination, 'Lambda offers Kafka destinations in provisioned mode only')
  }
}

/** The mapping as Lambda runs it: without what it offers in provisioned mode only, the retries capped where a destination waits. */
export function effectiveConfig(config: MappingConfig, switches: EsmSwitches, log: Log): MappingConfig {
  if (config.sourceAccess?.length)
    log('SourceAccessConfigurations are ignored locally: the broker is asked without them')
  if (config.provisioned) return { ...config, maximumRetryAttempts: cappedRetries(config, switches) }
  const unused = { partialResponses: false, bisect: false, maximumRetryAttempts: -1, maximumRecordAgeSeconds: -1 }
  const names = {
    partialResponses: 'ReportBatchItemFailures',
    bisect: 'BisectBatchOnFunctionError',
    maximumRetryAttempts: 'MaximumRetryAttempts',
    maximumRecordAgeSeconds: 'MaximumRecordAgeInSeconds',
  }
  for (const key of Object.keys(unused) as (keyof typeof unused)[]) {
    if (config[key] === unused[key]) continue
    const message = `${names[key]} needs a ProvisionedPollerConfig`
    if (switches.unprovisioned === 'refuse') {
      throw new MillraceError(
        'ML_LOCAL_MAPPING_UNSUPPORTED',
        `the mapping ${config.id}: ${message}; add one, or take it out`,
      )
    }
    log(`${message}; without it, it is off`)
  }
  const without = { ...config, ...unused }
  return { ...without, maximumRetryAttempts: cappedRetries(without, switches) }
}

/** Retries with an on-failure destination, where infinite is not (KAFKA-ESM §3). */
const cap = 10

function cappedRetries(
  { maximumRetryAttempts: given, onFailureDestination }: MappingConfig,
  { retryCap }: EsmSwitches,
) {
  if (onFailureDestination === undefined) return given
  if (given < 0) return cap
  return retryCap === 'always' ? Math.min(given, cap) : given
}
