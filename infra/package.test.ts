import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledgerTable, readDeployment, readOutputs } from '../lib/deployment/index.js'
import { cloudFormation, template } from './events/cloudformation.fixture.js'
import {
  alike,
  event,
  functions,
  msk,
  network,
  otherCluster,
  provisionedPollerConfig,
  referred,
  secret,
} from './events/every-mapping.fixture.js'
import { builtProject, compiledTemplate, type Project, serverless, serviceOf } from './project.fixture.js'
import type { Resource } from './serverless.js'

/** A run takes 2 to 5 s, and much longer where the processors are shared. */
const slow = { timeout: 180_000 }

let project: Project
let resources: Record<string, Resource>
let outputs: Record<string, { readonly Value: string }>
beforeAll(async () => {
  project = await builtProject()
  // To which cluster this role signs in, the event does not say.
  const iamStatements = [{ Effect: 'Allow', Action: ['kafka-cluster:*'], Resource: [msk.arn] }]
  const declared = Object.entries(functions).map(([name, events]) =>
    name === 'role' ? [name, { events, millrace: { iamStatements } }] : [name, { events }],
  )
  const kafka = { ...event, consumerGroupId: 'pinned', provisionedPollerConfig }
  const pinned = {
    events: [{ kafka }],
    provisionedConcurrency: 1,
    tracing: 'Active',
    logRetentionInDays: 7,
    condition: 'Wanted',
  }
  const Conditions = { Wanted: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] } }
  const more = { resources: { Conditions, Resources: referred } }
  const configuration = serviceOf({ ...Object.fromEntries(declared), pinned }, more)
  ;({ Resources: resources, Outputs: outputs } = await packaged(configuration))
}, slow.timeout)
afterAll(() => project?.remove())

async function packaged(configuration: object): ReturnType<typeof compiledTemplate> {
  const service = await project.service(configuration)
  const { status, output } = await serverless(service, ['package'])
  expect(status, output).toBe(0)
  return compiledTemplate(service)
}

function mappingsOf(functionId: string): (readonly [id: string, properties: Record<string, unknown>])[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) => {
    const isOfFunction = JSON.stringify(Properties.FunctionName ?? '').includes(`"${functionId}"`)
    return Type === 'AWS::Lambda::EventSourceMapping' && isOfFunction ? [[id, Properties] as const] : []
  })
}

const mappingOf = (functionId: string) => mappingsOf(functionId)[0]?.[1] ?? {}

function toldTo(functionId: string) {
  const environment = resources[functionId]?.Properties?.Environment as { Variables: Record<string, string> }
  return readDeployment(environment.Variables)
}

it('What speaks of a function under a condition is deployed under it, or says what is there without', () => {
  const under = (name: string) => Object.entries(resources).filter(([, { Condition }]) => Condition === name)
  const ids = under('Wanted').map(([id]) => id)
  expect(under('Wanted').map(([, { Type }]) => Type)).toEqual(
    expect.arrayContaining(['AWS::Lambda::EventSourceMapping', 'AWS::CloudWatch::Alarm', 'AWS::IAM::Role']),
  )
  const rest = Object.entries<object>({ ...resources, ...outputs }).filter(([, one]) => !('Condition' in one))
  const alone = rest.map(
    ([id, one]) => [id, JSON.stringify(one).replaceAll(/\{"Fn::If":\["Wanted",\{[^}]*\}/g, '')] as const,
  )
  const broken = alone.flatMap(([id, text]) => (ids.some((one) => new RegExp(`\\b${one}\\b`).test(text)) ? [id] : []))
  expect(broken).toEqual([])
})

describe('A provisioned mapping of a self-managed cluster', () => {
  it('reports batch item failures, keeps window 0 and needs no authentication; the function is told', () => {
    expect(mappingOf('FullLambdaFunction')).toEqual({
      FunctionName: { 'Fn::GetAtt': ['FullLambdaFunction', 'Arn'] },
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_700_000_000,
      Topics: ['orders'],
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['b1.example.com:9092', 'b2.example.com:9092'] } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'full' },
      DestinationConfig: { OnFailure: { Destination: 'kafka://dead' } },
      MetricsConfig: { Metrics: ['EventCount'] },
      LoggingConfig: { SystemLogLevel: 'INFO' },
      KmsKeyArn: { 'Fn::GetAtt': ['Key', 'Arn'] },
      Tags: [{ Key: 'team', Value: 'checkout' }],
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumBatchingWindowInSeconds: 0,
      MaximumRetryAttempts: 20,
      MaximumRecordAgeInSeconds: 3_600,
      BisectBatchOnFunctionError: true,
    })
    expect(toldTo('FullLambdaFunction')).toEqual({
      ledgerTable: 'shop-dev-ledger',
      failuresTable: 'shop-dev-failures',
      mappings: [{ topic: 'orders', group: 'full', partialResponses: true, withholds: true, retries: 20 }],
    })
  })

  it('keeps its authentication and its registry, which may withhold records', () => {
    expect(mappingOf('RegisteredLambdaFunction')).toMatchObject({
      SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: secret }],
      SelfManagedKafkaEventSourceConfig: {
        ConsumerGroupId: 'registered',
        SchemaRegistryConfig: {
          SchemaRegistryURI: 'https://registry.example',
          EventRecordFormat: 'JSON',
          AccessConfigs: [{ Type: 'BASIC_AUTH', URI: secret }],
          SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
        },
      },
    })
    expect(toldTo('RegisteredLambdaFunction').mappings[0]).toMatchObject({ withholds: true })
  })
})

describe('A mapping on demand', () => {
  it('takes no partial responses, and the function is told so; a filter may withhold records', () => {
    const mapping = mappingOf('DemandedLambdaFunction')
    expect(mapping).not.toHaveProperty('FunctionResponseTypes')
    expect(mapping).not.toHaveProperty('ProvisionedPollerConfig')
    expect(mapping.FilterCriteria).toEqual({ Filters: [{ Pattern: '{"value":{"region":["eu"]}}' }] })
    expect(toldTo('DemandedLambdaFunction').mappings).toEqual([
      { topic: 'orders', group: 'demanded', partialResponses: false, withholds: true },
    ])
  })
})

describe('An MSK mapping', () => {
  it('is completed the same way', () => {
    expect(mappingOf('ManagedLambdaFunction')).toMatchObject({
      EventSourceArn: msk.arn,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'managed' },
      ProvisionedPollerConfig: { MinimumPollers: 200, MaximumPollers: 2_000, PollerGroupName: 'shop' },
      SourceAccessConfigurations: [{ Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: secret }],
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumBatchingWindowInSeconds: 0,
    })
    expect(toldTo('ManagedLambdaFunction').mappings).toEqual([
      { topic: 'orders', group: 'managed', partialResponses: true, withholds: false, retries: 10 },
    ])
  })

  it('may have an on-failure destination by reference (serverless #12458)', () => {
    expect(mappingOf('ManagedLambdaFunction').DestinationConfig).toEqual({
      OnFailure: { Destination: { 'Fn::GetAtt': ['DeadQueue', 'Arn'] } },
    })
  })

  it('signs in by its role where it names no secret', () => {
    expect(mappingOf('AnotherLambdaFunction')).not.toHaveProperty('SourceAccessConfigurations')
  })
})

describe('A function with several events', () => {
  it('has a mapping for each, of whichever kind, and is told of each', () => {
    const mappings = mappingsOf('SeveralLambdaFunction').map(([, properties]) => properties)
    expect(mappings.map(({ Topics, EventSourceArn }) => [Topics, EventSourceArn])).toEqual([
      [['orders'], undefined],
      [['refunds'], msk.arn],
      [['a.b'], otherCluster],
    ])
    // Of mappings on demand there are none.
    expect(mappings.filter(({ MetricsConfig }) => MetricsConfig !== undefined)).toEqual([])
    expect(mappingOf('PinnedLambdaFunction').MetricsConfig).toEqual({
      Metrics: ['ErrorCount', 'EventCount', 'KafkaMetrics'],
    })
    expect(mappings[0]?.DestinationConfig).toEqual({ OnFailure: { Destination: { Ref: 'DeadTopic' } } })
    expect(toldTo('SeveralLambdaFunction').mappings.map(({ topic, group }) => [topic, group])).toEqual([
      ['orders', 'several'],
      ['refunds', 'several-refunds'],
      ['a.b', 'several-a.b'],
    ])
  })
})

describe("A cluster of one's own is entered by", () => {
  const access = (functionId: string) => mappingOf(functionId).SourceAccessConfigurations

  it('nothing, where it asks for nothing', () => {
    expect(mappingOf('FullLambdaFunction')).not.toHaveProperty('SourceAccessConfigurations')
  })

  it('a password, also through a network of its own', () => {
    const [one, two] = network.vpcSubnet
    expect(access('PlainLambdaFunction')).toEqual([
      { Type: 'VPC_SUBNET', URI: `subnet:${one}` },
      { Type: 'VPC_SUBNET', URI: `subnet:${two}` },
      { Type: 'VPC_SECURITY_GROUP', URI: `security_group:${network.vpcSecurityGroup}` },
      { Type: 'BASIC_AUTH', URI: secret },
    ])
    expect(access('Scram256LambdaFunction')).toEqual([{ Type: 'SASL_SCRAM_256_AUTH', URI: secret }])
  })

  it('certificates, by reference', () => {
    expect(access('CertifiedLambdaFunction')).toEqual([
      { Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: { Ref: 'Certificate' } },
      { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: { Ref: 'Authority' } },
    ])
  })

  it('the role of the function, or a token for it', () => {
    expect(access('RoleLambdaFunction')).toEqual([{ Type: 'IAM_AUTH' }])
    expect(access('TokenLambdaFunction')).toEqual([
      { Type: 'IAM_OAUTHBEARER_AUTH' },
      { Type: 'OAUTHBEARER_AUDIENCE', URI: 'kafka.example' },
    ])
  })

  it('OAuth', () => {
    expect(access('OauthLambdaFunction')).toEqual([
      { Type: 'OAUTHBEARER_AUTH', URI: secret },
      { Type: 'OAUTHBEARER_SCOPE', URI: 'kafka' },
      { Type: 'OAUTHBEARER_AUDIENCE', URI: 'kafka.example' },
      { Type: 'OAUTHBEARER_LOGICAL_CLUSTER', URI: 'lkc-1' },
      { Type: 'OAUTHBEARER_IDENTITY_POOL', URI: 'pool-1' },
    ])
  })
})

describe('A service', slow, () => {
  it('tells in its outputs which tables it has and what its functions read', () => {
    const told = Object.entries(outputs).map(([name, { Value }]) => [name, Value])
    const { functions: read = [], ...tables } = readOutputs(Object.fromEntries(told)) ?? {}
    expect(tables).toEqual({ ledgerTable: 'shop-dev-ledger', failuresTable: 'shop-dev-failures' })
    const brokers = ['b1.example.com:9092', 'b2.example.com:9092']
    // One reads no Kafka, and one more is this test's own.
    expect(read).toHaveLength(Object.values(functions).flat().length - 1 + 1)
    expect(read).toContainEqual({ name: 'full', deployed: 'shop-dev-full', topic: 'orders', group: 'full', brokers })
    expect(read).toContainEqual(expect.objectContaining({ name: 'managed', group: 'managed', brokers: [] }))
  })

  it('has a mapping per topic, also where topics differ in punctuation or case only', () => {
    const mappings = mappingsOf('AlikeLambdaFunction')
    expect(mappings.map(([, { Topics }]) => Topics)).toEqual(alike.map((topic) => [topic]))
    for (const [id] of mappings) expect(id).toMatch(/^AlikeEventSourceMappingKafkaAB?b?[0-9a-f]{8}$/)
    expect(toldTo('AlikeLambdaFunction').mappings.map(({ topic }) => topic)).toEqual(alike)
  })

  it('keeps its tables when it is removed', () => {
    expect(resources.MillraceLedgerTable).toEqual({
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        ...ledgerTable('shop-dev-ledger'),
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: false,
      },
    })
    expect(resources.MillraceFailuresTable).toMatchObject({ Properties: { TableName: 'shop-dev-failures' } })
  })

  it('gives each function that reads Kafka a role of its own, and the shared role nothing of what they need', () => {
    const roleOf = (id: string) =>
      (resources[id]?.Properties as { Role: { 'Fn::GetAtt': string[] } }).Role['Fn::GetAtt'][0]
    const actionsOf = (id = '') => {
      const { Policies } = resources[id]?.Properties as {
        Policies: { PolicyDocument: { Statement: { Action: string[] }[] } }[]
      }
      return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }) => Action))
    }
    // What osls adds to the shared role for X-Ray is for all functions.
    expect(roleOf('FullLambdaFunction')).toBe('FullLambdaRole')
    // The role is referred to; to say so twice is what cfn-lint warns of.
    expect(resources.FullLambdaFunction?.DependsOn).toEqual(['FullLogGroup'])
    expect(roleOf('HourlyLambdaFunction')).toBe('IamRoleLambdaExecution')
    expect(actionsOf('IamRoleLambdaExecution').filter((action) => !/^(logs|xray):/.test(action))).toEqual([])
    expect(actionsOf('AnotherLambdaRole')).toContain('kafka-cluster:ReadData')
    expect(actionsOf('RoleLambdaRole')).toContain('kafka-cluster:*')
    expect(actionsOf('FullLambdaRole').filter((action) => !/^(logs|dynamodb|kms):/.test(action))).toEqual([])
    expect(actionsOf('PinnedLambdaRole')).toContain('xray:PutTraceSegments')
  })

  it('has the same ledger for every version and alias of a function, and what reads Kafka invokes the alias', () => {
    expect(toldTo('PinnedLambdaFunction')).toMatchObject({
      ledgerTable: 'shop-dev-ledger',
      mappings: [{ group: 'pinned' }],
    })
    const arn = { 'Fn::GetAtt': ['PinnedLambdaFunction', 'Arn'] }
    expect(mappingOf('PinnedLambdaFunction').FunctionName).toEqual({ 'Fn::Join': [':', [arn, 'provisioned']] })
    const ids = Object.entries(resources).flatMap(([id, { Type }]) => (/Lambda::(Version|Alias)$/.test(Type) ? id : []))
    expect(ids.length).toBeGreaterThan(1)
    const lasting = ['MillraceLedgerTable', 'MillraceFailuresTable', 'PinnedLambdaRole', 'FullLambdaRole']
    for (const id of ids) expect(lasting.map((name) => JSON.stringify(resources[name])).join()).not.toContain(id)
  })

  it('keeps the logs of what reads Kafka for 30 days where nothing else is said, and leaves all others alone', () => {
    const days = (id: string) => resources[id]?.Properties?.RetentionInDays
    expect([days('FullLogGroup'), days('PinnedLogGroup'), days('HourlyLogGroup')]).toEqual([30, 7, undefined])
  })

  it('tells a function without Kafka events nothing, and without any adds nothing', async () => {
    expect(resources.HourlyLambdaFunction?.Properties).not.toHaveProperty('Environment')
    const { Resources: others } = await packaged(serviceOf({ hourly: { events: [{ schedule: 'rate(1 hour)' }] } }))
    expect(others).not.toHaveProperty('MillraceLedgerTable')
  })
})

describe('A package that would not do what it says is refused, without a stack trace:', slow, () => {
  async function refusal(configuration: object, code = ''): Promise<string> {
    const service = await project.service(configuration)
    await writeFile(join(service, 'code.zip'), zipSync({ 'handler.mjs': strToU8(code) }))
    const { status, output } = await serverless(service, ['package'])
    expect(status, output).toBe(1)
    expect(output).not.toMatch(/^\s+at /m)
    return output
  }
  const kafka = { ...event, consumerGroupId: 'orders', provisionedPollerConfig }

  it('for what the plugin knows', async () => {
    const onDemand = { ...kafka, provisionedPollerConfig: undefined, bisectBatchOnFunctionError: true }
    expect(await refusal(serviceOf({ orders: { events: [{ kafka: onDemand }] } }))).toMatch(
      /^Error:\nML_PLUGIN_CONFIG: .*bisectBatchOnFunctionError in provisioned mode only/,
    )
  })

  it('for what the schema of the events knows', async () => {
    const young = { ...kafka, maximumRecordAgeInSeconds: 30 }
    expect(await refusal(serviceOf({ orders: { events: [{ kafka: young }] } }))).toMatch(/maximumRecordAgeInSeconds/)
  })

  it('for what the code of a function needs', async () => {
    const limited = { ...kafka, maximumRetryAttempts: 12 }
    const code = `import { kafkaFunction } from 'millrace'
      export const handler = kafkaFunction({ retry: { attempts: 10, intervalMs: 0 } }, () => {})`
    const configuration = serviceOf({ orders: { events: [{ kafka: limited }], package: { artifact: 'code.zip' } } })
    expect(await refusal(configuration, code)).toMatch(/^Error:\nML_RETRIES_TOO_FEW: .* grants 12 retries, .* need 13 /)
  })

  it('for the size of a function', async () => {
    const settings = { millrace: { bundle: { budgetKb: 1 } }, package: { artifact: 'code.zip' } }
    const code = `export const handler = () => {} // ${'x'.repeat(2_500)}`
    expect(await refusal(serviceOf({ orders: { events: [{ kafka }], ...settings } }), code)).toMatch(
      /^Error:\nML_BUNDLE_TOO_LARGE: the code of function orders is 2 KB, over its budget of 1 KB/,
    )
  })

  it('where resources turn a mapping into another one than the function was told', async () => {
    const older = { Type: 'AWS::Lambda::EventSourceMapping', Properties: { MaximumRecordAgeInSeconds: 3_600 } }
    const more = { resources: { Resources: { OrdersEventSourceMappingKafkaOrders09e59c7e: older } } }
    expect(await refusal(serviceOf({ orders: { events: [{ kafka }] } }, more))).toMatch(
      /ML_PLUGIN_CONFIG: function orders is told .*"withholds":false.* into .*"withholds":true/,
    )
  })

  it('where a topic is renamed under its old group: at deployment, before anything is changed (serverless #12377)', async () => {
    const deployed = mappingOf('FullLambdaFunction')
    const Resources = { Full: { Type: 'AWS::Lambda::EventSourceMapping', Properties: deployed } }
    const { endpoint, asked, close } = await cloudFormation(200, template(JSON.stringify({ Resources })))
    const renamed = { ...kafka, topic: 'orders-v2', consumerGroupId: 'full' }
    // Else DynamoDB would be asked, too.
    const settings = { custom: { millrace: { tables: { existing: false } } } }
    const service = await project.service(serviceOf({ orders: { events: [{ kafka: renamed }] } }, settings))
    const credentials = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    const { status, output } = await serverless(service, ['deploy'], { ...credentials, AWS_ENDPOINT_URL: endpoint })
    close()
    expect(status, output).toBe(1)
    expect(output).toMatch(/ML_GROUP_TAKEN: mapping \w+ of topic orders-v2 .* deployed mapping Full of topic orders /)
    expect(asked.filter((body) => !/Action=(GetTemplate|GetCallerIdentity)&/.test(body))).toEqual([])
  })
})
