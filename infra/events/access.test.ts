import { describe, expect, it } from 'vitest'
import { accessOf } from './access.js'
import type { EventSettings } from './settings.js'

const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-AbCdEf'
const cluster = 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/6a7b-1'
const queue = 'arn:aws:sqs:eu-central-1:123456789012:dead'

const kafka = (settings: Partial<EventSettings>) =>
  accessOf({ type: 'kafka', settings: { topic: 'orders', bootstrapServers: ['b1:9092'], ...settings } })
const msk = (settings: Partial<EventSettings>) =>
  accessOf({ type: 'msk', settings: { topic: 'orders', arn: cluster, ...settings } })

describe('What a mapping needs of the role of its function', () => {
  it('is nothing where the cluster asks for nothing', () => {
    expect(kafka({})).toEqual({ secrets: [], vpc: false, iamAuth: false, tokenAudiences: [] })
  })

  it('are the secrets of cluster and registry, by ARN or by reference, each once', () => {
    const { secrets, vpc } = kafka({
      accessConfigurations: {
        vpcSubnet: ['subnet-1'],
        vpcSecurityGroup: ['sg-1'],
        clientCertificateTlsAuth: { Ref: 'Certificate' },
        serverRootCaCertificate: [secret],
      },
      schemaRegistryConfig: {
        schemaRegistryURI: 'https://registry.example',
        eventRecordFormat: 'JSON',
        accessConfigs: [{ type: 'BASIC_AUTH', uri: secret }],
        schemaValidationConfigs: [{ attribute: 'VALUE' }],
      },
    })
    expect(secrets).toEqual([{ Ref: 'Certificate' }, secret])
    expect(vpc).toBe(true)
  })

  it('is to sign in to MSK itself, unless a secret does', () => {
    expect(msk({})).toMatchObject({ cluster, iamAuth: true, vpc: true })
    expect(msk({ saslScram512: secret })).toMatchObject({ iamAuth: false, secrets: [secret] })
    expect(msk({ accessConfigurations: { clientCertificateTlsAuth: secret } })).toMatchObject({ iamAuth: false })
    expect(kafka({ accessConfigurations: { iamAuth: true } })).toMatchObject({ iamAuth: true, secrets: [] })
  })

  it('are web identity tokens for the audience that it names', () => {
    const accessConfigurations = { iamOauthbearerAuth: true, oauthbearerAudience: 'kafka.example' }
    expect(kafka({ accessConfigurations })).toMatchObject({ iamAuth: false, tokenAudiences: ['kafka.example'] })
  })

  it('is a Glue registry, which has no secret', () => {
    const registry = { eventRecordFormat: 'JSON', schemaValidationConfigs: [{ attribute: 'VALUE' }] } as const
    const uri = { 'Fn::GetAtt': ['Registry', 'Arn'] }
    expect(kafka({ schemaRegistryConfig: { ...registry, schemaRegistryURI: uri } })).toMatchObject({
      registry: { kind: 'glue', uri },
    })
  })
})

describe('Where Lambda sends what it gives up on', () => {
  const resources = {
    Queue: { Type: 'AWS::SQS::Queue' },
    Topic: { Type: 'AWS::SNS::Topic' },
    Bucket: { Type: 'AWS::S3::Bucket' },
  }
  const destination = (onFailureDestination: EventSettings['onFailureDestination']) =>
    accessOf({ type: 'msk', settings: { topic: 'orders', onFailureDestination } as EventSettings }, resources)
      .destination

  it.each([
    [queue, 'sqs'],
    ['arn:aws:sns:eu-central-1:123456789012:dead', 'sns'],
    ['arn:aws:s3:::dead', 's3'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'sqs'],
    [{ 'Fn::GetAtt': 'Bucket.Arn' }, 's3'],
    [{ Ref: 'Topic' }, 'sns'],
    [{ 'Fn::Sub': `arn:aws:sqs:\${AWS::Region}:\${AWS::AccountId}:dead` }, 'sqs'],
    [{ 'Fn::ImportValue': 'DeadLetters' }, 'unknown'],
  ])('%o is of kind %s', (value, kind) => {
    expect(destination(value)).toEqual({ kind, arn: value })
  })

  it('may be a topic of the same cluster', () => {
    expect(destination('kafka://dead')).toEqual({ kind: 'kafka', topic: 'dead' })
    expect(destination({ 'Fn::Sub': `kafka://\${AWS::StackName}-dead` })).toEqual({
      kind: 'kafka',
      topic: { 'Fn::Sub': `\${AWS::StackName}-dead` },
    })
  })
})
