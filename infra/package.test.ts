import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledgerTable, readDeployment } from '../lib/deployment/index.js'
import { builtProject, compiledResources, type Project, serverless, serviceOf } from './project.fixture.js'
import type { Resource } from './serverless.js'

let project: Project
beforeAll(async () => {
  project = await builtProject()
})
afterAll(() => project.remove())

async function packaged(configuration: object): Promise<Record<string, Resource>> {
  const service = await project.service(configuration)
  const { status, output } = await serverless(service, ['package'])
  expect(status, output).toBe(0)
  return compiledResources(service)
}

async function refusal(configuration: object): Promise<string> {
  const { status, output } = await serverless(await project.service(configuration), ['package'])
  expect(status, output).toBe(1)
  expect(output).not.toMatch(/^\s+at /m)
  return output
}

const event = { topic: 'orders', bootstrapServers: 'b1:9092, b2:9092', consumerGroupId: 'orders' }
const provisioned = { ...event, provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 4 } }
const msk = { arn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/6a7b-1', topic: 'orders' }

const mappingsIn = (resources: Record<string, Resource>) =>
  Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::Lambda::EventSourceMapping')

function mappingIn(resources: Record<string, Resource>): Record<string, unknown> {
  const [[, mapping] = [], ...others] = mappingsIn(resources)
  expect(others).toEqual([])
  return mapping?.Properties ?? {}
}

function toldTo(resources: Record<string, Resource>, functionId: string) {
  const environment = resources[functionId]?.Properties?.Environment as { Variables: Record<string, string> }
  return readDeployment(environment.Variables)
}

describe('A provisioned mapping of a self-managed cluster', () => {
  it('reports batch item failures, keeps window 0, and needs no authentication; the function is told', async () => {
    const settings = {
      maximumBatchingWindow: 0,
      maximumRetryAttempts: 20,
      maximumRecordAgeInSeconds: 3_600,
      bisectBatchOnFunctionError: true,
    }
    const resources = await packaged(serviceOf({ orders: { events: [{ kafka: { ...provisioned, ...settings } }] } }))
    expect(mappingIn(resources)).toEqual({
      FunctionName: { 'Fn::GetAtt': ['OrdersLambdaFunction', 'Arn'] },
      StartingPosition: 'TRIM_HORIZON',
      Topics: ['orders'],
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['b1:9092', 'b2:9092'] } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'orders' },
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumBatchingWindowInSeconds: 0,
      MaximumRetryAttempts: 20,
      MaximumRecordAgeInSeconds: 3_600,
      BisectBatchOnFunctionError: true,
    })
    expect(toldTo(resources, 'OrdersLambdaFunction')).toEqual({
      ledgerTable: 'shop-dev-ledger',
      failuresTable: 'shop-dev-failures',
      mappings: [{ topic: 'orders', group: 'orders', partialResponses: true, withholds: true }],
    })
  })

  it('keeps its authentication and its registry, which may withhold records', async () => {
    const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-AbCdEf'
    const schemaRegistryConfig = {
      schemaRegistryURI: 'https://registry.example',
      eventRecordFormat: 'JSON',
      accessConfigs: [{ type: 'BASIC_AUTH', uri: secret }],
      schemaValidationConfigs: [{ attribute: 'VALUE' }],
    }
    const kafka = { ...provisioned, accessConfigurations: { saslScram512Auth: secret }, schemaRegistryConfig }
    const resources = await packaged(serviceOf({ orders: { events: [{ kafka }] } }))
    expect(mappingIn(resources)).toMatchObject({
      SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: secret }],
      SelfManagedKafkaEventSourceConfig: {
        ConsumerGroupId: 'orders',
        SchemaRegistryConfig: {
          SchemaRegistryURI: 'https://registry.example',
          EventRecordFormat: 'JSON',
          AccessConfigs: [{ Type: 'BASIC_AUTH', URI: secret }],
          SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
        },
      },
    })
    expect(toldTo(resources, 'OrdersLambdaFunction').mappings[0]).toMatchObject({ withholds: true })
  })
})

describe('A mapping on demand', () => {
  it('takes no partial responses, and the function is told so; a filter may withhold records', async () => {
    const kafka = { ...event, filterPatterns: [{ value: { region: ['eu'] } }] }
    const resources = await packaged(serviceOf({ orders: { events: [{ kafka }] } }))
    const mapping = mappingIn(resources)
    expect(mapping).not.toHaveProperty('FunctionResponseTypes')
    expect(mapping).not.toHaveProperty('ProvisionedPollerConfig')
    expect(mapping.FilterCriteria).toEqual({ Filters: [{ Pattern: '{"value":{"region":["eu"]}}' }] })
    expect(toldTo(resources, 'OrdersLambdaFunction').mappings).toEqual([
      { topic: 'orders', group: 'orders', partialResponses: false, withholds: true },
    ])
  })
})

describe('An MSK mapping', () => {
  it('is completed the same way', async () => {
    const settings = {
      consumerGroupId: 'shop',
      maximumBatchingWindow: 0,
      provisionedPollerConfig: { minimumPollers: 2 },
    }
    const resources = await packaged(serviceOf({ orders: { events: [{ msk: { ...msk, ...settings } }] } }))
    expect(mappingIn(resources)).toMatchObject({
      EventSourceArn: msk.arn,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'shop' },
      ProvisionedPollerConfig: { MinimumPollers: 2 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumBatchingWindowInSeconds: 0,
    })
    expect(toldTo(resources, 'OrdersLambdaFunction').mappings).toEqual([
      { topic: 'orders', group: 'shop', partialResponses: true, withholds: false },
    ])
  })
})

describe('A service', () => {
  it('has a mapping per topic, also where topics differ in punctuation or case only', async () => {
    const topics = ['a.b', 'a-b', 'a_b', 'ab', 'Ab']
    const resources = await packaged(
      serviceOf({ orders: { events: topics.map((topic) => ({ kafka: { ...provisioned, topic } })) } }),
    )
    expect(mappingsIn(resources).map(([, { Properties }]) => Properties?.Topics)).toEqual(
      topics.map((topic) => [topic]),
    )
    expect(mappingsIn(resources).map(([id]) => id)).toContain('OrdersEventSourceMappingKafkaAb')
    expect(toldTo(resources, 'OrdersLambdaFunction').mappings.map(({ topic }) => topic)).toEqual(topics)
  })

  it('keeps its tables when it is removed, and may do with them what the framework does and no more', async () => {
    const resources = await packaged(serviceOf({ orders: { events: [{ kafka: provisioned }] } }))
    expect(resources.MillraceLedgerTable).toEqual({
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        ...ledgerTable('shop-dev-ledger'),
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      },
    })
    expect(resources.MillraceFailuresTable).toMatchObject({ Properties: { TableName: 'shop-dev-failures' } })
    const role = resources.IamRoleLambdaExecution?.Properties as {
      Policies: { PolicyDocument: { Statement: { Action: string[]; Resource: unknown }[] } }[]
    }
    const statements = role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    const ofDynamoDB = statements.filter(({ Action }) => Action.some((action) => action.startsWith('dynamodb:')))
    expect(ofDynamoDB.map(({ Action, Resource }) => [Action.map((name) => name.slice(9)), Resource])).toEqual([
      [
        ['BatchGetItem', 'GetItem', 'PartiQLUpdate', 'PartiQLInsert', 'UpdateItem', 'PutItem'],
        [{ 'Fn::GetAtt': ['MillraceLedgerTable', 'Arn'] }],
      ],
      [['BatchWriteItem', 'PutItem'], [{ 'Fn::GetAtt': ['MillraceFailuresTable', 'Arn'] }]],
    ])
  })

  it('without Kafka events gets no tables', async () => {
    const resources = await packaged(serviceOf({ hourly: { events: [{ schedule: 'rate(1 hour)' }] } }))
    expect(resources).not.toHaveProperty('MillraceLedgerTable')
  })
})

describe('A configuration that would not do what it says is refused with what to change:', () => {
  const one = (kafka: object) => serviceOf({ orders: { events: [{ kafka }] } })

  it('a mapping without consumer group', async () => {
    expect(await refusal(one({ ...provisioned, consumerGroupId: undefined }))).toMatch(
      /ML_PLUGIN_CONFIG: function orders, kafka event of topic orders: consumerGroupId is missing; the ledger .* named by it/,
    )
  })

  it('partial responses on demand', async () => {
    expect(await refusal(one({ ...event, functionResponseTypes: ['ReportBatchItemFailures'] }))).toMatch(
      /ML_PLUGIN_CONFIG: .*functionResponseTypes in provisioned mode only; add provisionedPollerConfig/,
    )
  })

  it('two functions of one group on one topic', async () => {
    const both = serviceOf({ orders: { events: [{ kafka: provisioned }] }, audit: { events: [{ kafka: event }] } })
    expect(await refusal(both)).toMatch(/ML_PLUGIN_CONFIG: functions orders and audit read topic orders as one group/)
  })

  it('one function that reads a topic twice', async () => {
    const twice = serviceOf({ orders: { events: [{ kafka: event }, { kafka: { ...event, consumerGroupId: 'b' } }] } })
    expect(await refusal(twice)).toMatch(/ML_PLUGIN_CONFIG: function orders reads topic orders through two events/)
  })

  it('an environment that contradicts the events', async () => {
    const functions = { orders: { environment: { MILLRACE_MAPPINGS: '[]' }, events: [{ kafka: provisioned }] } }
    expect(await refusal(serviceOf(functions))).toMatch(/ML_PLUGIN_CONFIG: .*sets MILLRACE_MAPPINGS/)
  })

  it('resources that turn a mapping into another one than the function was told', async () => {
    const changed = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { MaximumRecordAgeInSeconds: 3_600 },
    }
    const more = { resources: { Resources: { OrdersEventSourceMappingKafkaOrders: changed } } }
    expect(await refusal(serviceOf({ orders: { events: [{ kafka: provisioned }] } }, more))).toMatch(
      /ML_PLUGIN_CONFIG: function orders is told .*"withholds":false.* into .*"withholds":true/,
    )
  })

  it('no broker, and a setting that Lambda does not have', async () => {
    expect(await refusal(one({ ...provisioned, bootstrapServers: ' ,' }))).toMatch(/bootstrapServers names no broker/)
    expect(await refusal(one({ ...provisioned, maximumRecordAgeInSeconds: 30 }))).toMatch(/maximumRecordAgeInSeconds/)
  })
})
