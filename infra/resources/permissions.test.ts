import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { EventSettings } from '../events/index.js'
import type { Resource, ServiceFunction } from '../serverless.js'
import { permissionsOf } from './permissions.js'
import { planOf } from './plan.fixture.js'
import type { Statement } from './statement.js'

const arn = (service: string, name: string) => `arn:aws:${service}:eu-central-1:123456789012:${name}`
const cluster = arn('kafka', 'cluster/main/6a7b-1')
const secret = arn('secretsmanager', 'secret:kafka-AbCdEf')
const key = arn('kms', 'key/1')
const poller = { provisionedPollerConfig: { minimumPollers: 1 } }

const msk = (more: Partial<EventSettings> = {}): ServiceFunction => ({
  events: [{ msk: { arn: cluster, topic: 'orders', consumerGroupId: 'shop', ...more } }],
})
const kafka = (more: Partial<EventSettings> = {}): ServiceFunction => ({
  events: [{ kafka: { topic: 'orders', bootstrapServers: ['b1:9092'], consumerGroupId: 'shop', ...more } }],
})
const compiled = (Properties: Record<string, unknown>, id = 'ordersLambdaFunction'): Record<string, Resource> => ({
  [id]: { Type: id.endsWith('Function') ? 'AWS::Lambda::Function' : 'AWS::Lambda::EventSourceMapping', Properties },
})

function permissions(declared: ServiceFunction, more: Partial<Parameters<typeof planOf>[0]> = {}) {
  const plan = planOf({ functions: { orders: declared }, ...more })
  return plan.functions.flatMap((one) => permissionsOf(plan, one))
}

/** On what an action is allowed; undefined where it is not. */
const allowed = (statements: readonly Statement[], action: string) =>
  statements.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource)

/** One of each that makes a difference: together they have every action there is. */
const everything: readonly (readonly Statement[])[] = [
  permissions(kafka(), { service: { custom: { millrace: { tables: { kmsKeyArn: key } } } } }),
  permissions(msk({ ...poller, onFailureDestination: 'kafka://lost' })),
  permissions(msk({ arn: arn('kafka', 'vpc-connection/444455556666/main/6a7b-1') })),
  permissions(msk({ saslScram512: secret }), {
    compiled: compiled({ SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH' }] }, 'ordersorders'),
  }),
  permissions(kafka({ onFailureDestination: arn('sqs', 'lost'), kmsKeyArn: key })),
  permissions(kafka({ onFailureDestination: arn('sns', 'lost') })),
  permissions(kafka({ onFailureDestination: 'arn:aws:s3:::lost' })),
  permissions(
    kafka({
      ...poller,
      accessConfigurations: { iamOauthbearerAuth: true, oauthbearerAudience: 'https://kafka.example' },
      schemaRegistryConfig: {
        schemaRegistryURI: arn('glue', 'registry/shop'),
        eventRecordFormat: 'JSON',
        schemaValidationConfigs: [{ attribute: 'VALUE' }],
      },
    }),
  ),
  permissions(kafka(), {
    compiled: compiled({
      VpcConfig: { SubnetIds: ['subnet-1'] },
      TracingConfig: { Mode: 'Active' },
      KmsKeyArn: key,
      FileSystemConfigs: [{ Arn: arn('elasticfilesystem', 'access-point/fsap-1') }],
    }),
  }),
]

describe('A function may', () => {
  it('do what the documentation gives a reason for, and nothing else', () => {
    const rows = [
      ...readFileSync('docs/permissions.md', 'utf8').matchAll(/^\| `([\w-]+:[\w*]+)` \| (.+) \| (.+) \|$/gm),
    ]
    const given = new Set(everything.flat().flatMap(({ Action }) => Action))
    expect(rows.map(([, action]) => action).sort()).toEqual([...given].sort())
    for (const [, action, on = '', why = ''] of rows) expect(`${on} ${why}`.length, action).toBeGreaterThan(20)
  })

  it('do it everywhere only where AWS has no narrower resource, or a condition says on what', () => {
    const wide = everything.flat().filter(({ Resource }) => JSON.stringify(Resource).includes('*'))
    const actions = (statements: readonly Statement[]) =>
      [...new Set(statements.flatMap(({ Action }) => Action.map((action) => action.replace(/\w+$/, ''))))].sort()
    expect(actions(wide.filter(({ Condition }) => !Condition))).toEqual([
      // Network interfaces: of the person's subnets, which EC2's actions do not take as a resource.
      'ec2:',
      // Versions of schemas, by their id alone.
      'glue:',
      // The id that MSK gave a cluster of another account, of which a VPC connection tells only the name.
      'kafka-cluster:',
      // Streams of the one group.
      'logs:',
      // Objects of the one bucket.
      's3:',
      'xray:',
    ])
    expect(actions(wide.filter(({ Condition }) => Condition))).toEqual(['kms:', 'sts:'])
    expect(allowed(everything.flat(), 'secretsmanager:GetSecretValue')).toEqual([secret])
  })
})

describe('The role of a function on MSK that signs in with IAM', () => {
  it('reads its topic in its group, and writes to where its mapping sends what it gives up', () => {
    const statements = permissions(msk({ ...poller, onFailureDestination: 'kafka://lost' }))
    const within = (kind: string, name: string) => arn('kafka', `${kind}/main/6a7b-1/${name}`)
    expect(allowed(statements, 'kafka-cluster:Connect')).toEqual([cluster])
    expect(allowed(statements, 'kafka-cluster:AlterGroup')).toEqual([within('group', 'shop')])
    expect(allowed(statements, 'kafka-cluster:ReadData')).toEqual([within('topic', 'orders')])
    expect(allowed(statements, 'kafka-cluster:WriteData')).toEqual([within('topic', 'lost')])
    expect(allowed(statements, 'kafka:DescribeClusterV2')).toEqual([cluster])
  })

  it('does so too where the cluster is one of the template', () => {
    const statements = permissions(msk({ arn: { Ref: 'Cluster' } }))
    const topics = { 'Fn::Join': [':topic/', { 'Fn::Split': [':cluster/', { Ref: 'Cluster' }] }] }
    expect(allowed(statements, 'kafka-cluster:ReadData')).toEqual([{ 'Fn::Join': ['/', [topics, 'orders']] }])
  })

  it('comes to a cluster of another account through a VPC connection', () => {
    const connection = arn('kafka', 'vpc-connection/444455556666/main/6a7b-1')
    const statements = permissions(msk({ arn: connection }))
    expect(allowed(statements, 'kafka:DescribeVpcConnection')).toEqual([connection])
    expect(allowed(statements, 'kafka-cluster:ReadData')).toEqual([
      'arn:aws:kafka:eu-central-1:444455556666:topic/main/*/orders',
    ])
    expect(allowed(statements, 'kafka:DescribeClusterV2')).toEqual([])
  })

  it('has nothing of Kafka’s where a secret signs in', () => {
    const statements = permissions(msk({ saslScram512: secret }))
    expect(statements.flatMap(({ Action }) => Action).filter((action) => /^kafka-cluster:/.test(action))).toEqual([])
    const [decrypt] = statements.filter(({ Action }) => Action.includes('kms:Decrypt'))
    expect(decrypt).toMatchObject({
      Resource: [arn('kms', 'key/*')],
      Condition: { StringLike: { 'kms:EncryptionContext:SecretARN': [secret] } },
    })
  })

  it('reads a secret also where its ARN lacks the end that AWS has given it', () => {
    const read = (end: string) => {
      const given = arn('secretsmanager', `secret:AmazonMSK_shop${end}`)
      const statements = permissions(msk({ saslScram512: given }))
      const condition = JSON.stringify(statements.find(({ Action }) => Action.includes('kms:Decrypt'))?.Condition)
      const named = allowed(statements, 'secretsmanager:GetSecretValue')
      for (const one of named) expect(condition).toContain(JSON.stringify(one))
      return named.map((one) => String(one).slice(given.length - end.length))
    }
    expect(read('-AbCdEf')).toEqual(['-AbCdEf'])
    expect(read('-1bcdef')).toEqual(['-1bcdef'])
    expect(read('')).toEqual(['', '-??????'])
    expect(read('-secret')).toEqual(['-secret', '-secret-??????'])
  })
})

describe('A function with several mappings', () => {
  it('has one statement for all that it does alike', () => {
    const two = ['a', 'b'].map((topic) => ({ msk: { arn: cluster, topic, consumerGroupId: `shop-${topic}` } }))
    const statements = permissions({ events: two })
    expect(allowed(statements, 'kafka-cluster:ReadData')).toEqual([
      arn('kafka', 'topic/main/6a7b-1/a'),
      arn('kafka', 'topic/main/6a7b-1/b'),
    ])
    expect(allowed(statements, 'ec2:DescribeVpcs')).toEqual(['*'])
  })
})

describe('The logs of a function', () => {
  it('go into its own group, the one that is named for it, or nowhere', () => {
    const own = allowed(permissions(kafka()), 'logs:PutLogEvents')
    expect(JSON.stringify(own)).toMatch(/log-group:\/aws\/lambda\/orders:\*"/)
    const named = permissions({ ...kafka(), logs: { logGroup: '/shop' } })
    expect(JSON.stringify(allowed(named, 'logs:PutLogEvents'))).toMatch(/log-group:\/shop:\*/)
    expect(allowed(permissions({ ...kafka(), disableLogs: true }), 'logs:PutLogEvents')).toEqual([])
  })
})
