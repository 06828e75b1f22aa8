import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledgerTable, readDeployment, readOutputs } from '../lib/deployment/index.js'
import { alike, event, functions, msk, provisionedPollerConfig, secret } from './events/every-mapping.fixture.js'
import { builtProject, compiledTemplate, type Project, serverless, serviceOf } from './project.fixture.js'
import type { Resource } from './serverless.js'

/** A run takes 2 to 5 s, and much longer where the processors are shared. */
const slow = { timeout: 180_000 }

let project: Project
let resources: Record<string, Resource>
let outputs: Record<string, { readonly Value: string }>
beforeAll(async () => {
  project = await builtProject()
  const declared = Object.entries(functions).map(([name, events]) => [name, { events }])
  const kafka = { ...event, consumerGroupId: 'pinned', provisionedPollerConfig }
  const pinned = { events: [{ kafka }], provisionedConcurrency: 1, tracing: 'Active', logRetentionInDays: 7 }
  const configuration = serviceOf({ ...Object.fromEntries(declared), pinned })
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

describe('A provisioned mapping of a self-managed cluster', () => {
  it('reports batch item failures, keeps window 0 and needs no authentication; the function is told', () => {
    expect(mappingOf('FullLambdaFunction')).toEqual({
      FunctionName: { 'Fn::GetAtt': ['FullLambdaFunction', 'Arn'] },
      StartingPosition: 'TRIM_HORIZON',
      Topics: ['orders'],
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['b1:9092', 'b2:9092'] } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'full' },
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
      ProvisionedPollerConfig: { MinimumPollers: 2 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumBatchingWindowInSeconds: 0,
    })
    expect(toldTo('ManagedLambdaFunction').mappings).toEqual([
      { topic: 'orders', group: 'managed', partialResponses: true, withholds: false },
    ])
  })
})

describe('A service', slow, () => {
  it('tells in its outputs which tables it has and what its functions read', () => {
    const told = Object.entries(outputs).map(([name, { Value }]) => [name, Value])
    const { functions: read = [], ...tables } = readOutputs(Object.fromEntries(told)) ?? {}
    expect(tables).toEqual({ ledgerTable: 'shop-dev-ledger', failuresTable: 'shop-dev-failures' })
    const brokers = ['b1:9092', 'b2:9092']
    expect(read).toHaveLength(5 + alike.length)
    expect(read).toContainEqual({ name: 'full', deployed: 'shop-dev-full', topic: 'orders', group: 'full', brokers })
    expect(read).toContainEqual(expect.objectContaining({ name: 'managed', group: 'managed', brokers: [] }))
  })

  it('has a mapping per topic, also where topics differ in punctuation or case only', () => {
    const mappings = mappingsOf('AlikeLambdaFunction')
    expect(mappings.map(([, { Topics }]) => Topics)).toEqual(alike.map((topic) => [topic]))
    expect(mappings.map(([id]) => id)).toContain('AlikeEventSourceMappingKafkaAb')
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
    expect(roleOf('FullLambdaFunction')).toBe('FullLambdaRole')
    expect(roleOf('HourlyLambdaFunction')).toBe('IamRoleLambdaExecution')
    expect(actionsOf('IamRoleLambdaExecution').filter((action) => !action.startsWith('logs:'))).toEqual([])
    expect(actionsOf('ManagedLambdaRole')).toContain('kafka-cluster:ReadData')
    expect(actionsOf('FullLambdaRole').filter((action) => !/^(logs|dynamodb):/.test(action))).toEqual([])
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

  it('where resources turn a mapping into another one than the function was told', async () => {
    const older = { Type: 'AWS::Lambda::EventSourceMapping', Properties: { MaximumRecordAgeInSeconds: 3_600 } }
    const more = { resources: { Resources: { OrdersEventSourceMappingKafkaOrders: older } } }
    expect(await refusal(serviceOf({ orders: { events: [{ kafka }] } }, more))).toMatch(
      /ML_PLUGIN_CONFIG: function orders is told .*"withholds":false.* into .*"withholds":true/,
    )
  })
})
