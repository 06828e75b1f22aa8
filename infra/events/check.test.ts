import { describe, expect, it } from 'vitest'
import type { AccessSettings } from './authentication.js'
import { checkSettings } from './check.js'
import { secret } from './every-mapping.fixture.js'
import type { EventSettings, Value } from './settings.js'

const now = Date.UTC(2026, 0, 1)
const resources = {
  Queue: { Type: 'AWS::SQS::Queue' },
  Topic: { Type: 'AWS::SNS::Topic' },
  Bucket: { Type: 'AWS::S3::Bucket' },
}
const provisionedPollerConfig = { minimumPollers: 1 }

/** Nothing, where the settings are taken. */
function refusal(settings: Partial<EventSettings>): string {
  const event = { topic: 'orders', bootstrapServers: ['b1:9092'], consumerGroupId: 'orders', ...settings }
  try {
    checkSettings(event, 'here', resources, now)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('A starting position in time', () => {
  const at = (startingPositionTimestamp: number): Partial<EventSettings> => ({
    startingPosition: 'AT_TIMESTAMP',
    startingPositionTimestamp,
  })

  it('is in unix seconds, and has been', () => {
    expect(refusal(at(now / 1_000 - 60))).toBe('')
    expect(refusal(at(now / 1_000 + 60))).toMatch(/1767225660 is in the future/)
  })

  it('is not taken in milliseconds, which would be thousands of years ahead', () => {
    expect(refusal(at(now - 60_000))).toMatch(/is in milliseconds; Lambda takes unix seconds: 1767225540$/)
  })

  it('needs the position and the time, both', () => {
    expect(refusal({ startingPosition: 'AT_TIMESTAMP' })).toMatch(/needs startingPositionTimestamp, in unix seconds/)
    expect(refusal({ startingPositionTimestamp: 1 })).toMatch(/goes with startingPosition: AT_TIMESTAMP alone/)
    expect(refusal({ startingPosition: 'LATEST', startingPositionTimestamp: 1 })).toMatch(/AT_TIMESTAMP alone/)
  })
})

describe('Without provisioned mode', () => {
  it.each<[string, Partial<EventSettings>]>([
    ['loggingConfig', { loggingConfig: { systemLogLevel: 'INFO' } }],
    ['metricsConfig', { metricsConfig: { metrics: ['KafkaMetrics'] } }],
    ['onFailureDestination in Kafka', { onFailureDestination: 'kafka://dead' }],
    [
      'schemaRegistryConfig',
      {
        schemaRegistryConfig: {
          schemaRegistryURI: 'https://registry.example',
          eventRecordFormat: 'JSON',
          schemaValidationConfigs: [{ attribute: 'VALUE' }],
        },
      },
    ],
  ])('there is no %s', (name, settings) => {
    expect(refusal(settings)).toMatch(new RegExp(`honours .*${name} in provisioned mode only`))
    expect(refusal({ ...settings, provisionedPollerConfig })).toBe('')
  })

  it('a queue may take what is given up', () => {
    expect(refusal({ onFailureDestination: 'arn:aws:sqs:eu-central-1:123456789012:dead' })).toBe('')
  })
})

describe('Refused is', () => {
  it('a record age between none and a minute, and the message says which are taken', () => {
    const age = (maximumRecordAgeInSeconds: number) => refusal({ maximumRecordAgeInSeconds, provisionedPollerConfig })
    expect([age(-1), age(60)]).toEqual(['', ''])
    expect(age(59)).toMatch(/maximumRecordAgeInSeconds is 59, and Lambda takes -1, or 60 to 604,800; set 60 or more/)
    expect(age(0)).toMatch(/is 0/)
  })

  it('queue mode, with a code of its own', () => {
    expect(refusal({ consumptionMode: 'Queue' })).toMatch(/^ML_QUEUE_MODE: here: .* share group, .* Take .* out/)
    expect(refusal({ consumptionMode: 'Stream' })).toBe('')
  })

  it('a poller group without pollers, and fewer pollers at most than at least', () => {
    expect(refusal({ provisionedPollerConfig: { pollerGroupName: 'shop' } })).toMatch(/without minimumPollers/)
    expect(refusal({ provisionedPollerConfig: { minimumPollers: 3, maximumPollers: 2 } })).toMatch(/3 is over .* 2;/)
  })

  it('a broker that is no host:port, and more than ten', () => {
    expect(refusal({ bootstrapServers: ['b1:9092', 'b2'] })).toMatch(/has "b2", which is not host:port/)
    expect(refusal({ bootstrapServers: Array.from({ length: 11 }, (_, i) => `b${i}:9092`) })).toMatch(/over 10 brokers/)
  })

  it('a destination that the event reads, or that Ref does not give the ARN of', () => {
    const given = (onFailureDestination: Value) => refusal({ onFailureDestination, provisionedPollerConfig })
    expect(given('kafka://orders')).toMatch(/is the topic that the event reads/)
    expect(given({ Ref: 'Queue' })).toMatch(/Ref Queue, which is no ARN; write Fn::GetAtt: \[Queue, Arn\]/)
    expect(given({ Ref: 'Bucket' })).toMatch(/which is no ARN/)
    expect(given({ Ref: 'Topic' })).toBe('')
    expect(given({ 'Fn::GetAtt': ['Queue', 'Arn'] })).toBe('')
  })

  it('a secret for a Glue registry', () => {
    const schemaRegistryConfig = {
      schemaRegistryURI: 'arn:aws:glue:eu-central-1:123456789012:registry/main',
      eventRecordFormat: 'JSON',
      accessConfigs: [{ type: 'BASIC_AUTH', uri: secret }],
      schemaValidationConfigs: [{ attribute: 'VALUE' }],
    } as const
    expect(refusal({ provisionedPollerConfig, schemaRegistryConfig })).toMatch(/accessConfigs for a Glue registry/)
  })

  it.each<[AccessSettings, RegExp]>([
    [{ saslPlainAuth: secret, saslScram512Auth: secret }, /by saslPlainAuth and saslScram512Auth; .* one of them/],
    [{ iamAuth: true, iamOauthbearerAuth: true, oauthbearerAudience: 'x' }, /one of them/],
    [{ iamOauthbearerAuth: true }, /IAM_OAUTHBEARER_AUTH\) without oauthbearerAudience; add it/],
    [{ oauthbearerAudience: 'x' }, /without oauthbearerAuth or iamOauthbearerAuth/],
    [{ iamOauthbearerAuth: true, oauthbearerAudience: 'x', oauthbearerScope: 'y' }, /OAUTHBEARER_SCOPE\) without/],
    [{ oauthbearerLogicalCluster: 'lkc-1' }, /OAUTHBEARER_LOGICAL_CLUSTER\) without oauthbearerAuth/],
    [{ vpcSubnet: ['subnet-1'] }, /vpcSubnet \(VPC_SUBNET\) without vpcSecurityGroup/],
    [{ vpcSubnet: Array(22).fill('subnet-1'), vpcSecurityGroup: ['sg-1'] }, /23 values; Lambda takes 22/],
  ])('access by %o', (accessConfigurations, reason) => {
    expect(refusal({ accessConfigurations })).toMatch(reason)
  })

  it('no access by certificate beside one by password', () => {
    const certificates = { clientCertificateTlsAuth: secret, serverRootCaCertificate: secret }
    expect(refusal({ accessConfigurations: { ...certificates, saslScram512Auth: secret } })).toBe('')
    expect(refusal({ accessConfigurations: { iamAuth: false } })).toBe('')
  })
})
