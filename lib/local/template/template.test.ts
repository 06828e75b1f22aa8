import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { writeOutputs } from '../../deployment/index.js'
import { readService } from './index.js'
import { type PackagedService, packagedService, type ServiceParts } from './service.fixture.js'

const services: PackagedService[] = []
afterEach(() => {
  for (const service of services.splice(0)) service.remove()
})
function packaged(parts?: ServiceParts): PackagedService {
  const service = packagedService(parts)
  services.push(service)
  return service
}
const read = (parts?: ServiceParts) => readService(packaged(parts).dir, 'eu-west-1')

describe('a packaged service', () => {
  it('tells its functions: handler, limits in their units, code', () => {
    const { dir } = packaged()
    expect(readService(dir, 'eu-west-1')).toMatchObject({
      name: 'hello',
      functions: [
        {
          id: 'GreetLambdaFunction',
          key: 'greet',
          name: 'hello-dev-greet',
          handler: 'src/handler.handler',
          timeoutMs: 5000,
          memoryMb: 256,
          zip: join(dir, '.serverless', 'greet.zip'),
        },
      ],
    })
  })

  it('tells the concurrency that a function reserves, and none where it reserves none', () => {
    const [one] = read({ fn: { ReservedConcurrentExecutions: 2 } }).functions
    expect([one?.concurrency, read().functions[0]?.concurrency]).toEqual([2, undefined])
  })

  it.each([
    ['a plain number', 7, '7'],
    ['a table by Ref', { Ref: 'GreetingsTable' }, 'hello-dev-greetings'],
    [
      'an ARN by GetAtt',
      { 'Fn::GetAtt': ['GreetingsTable', 'Arn'] },
      'arn:aws:dynamodb:eu-west-1:123456789012:table/hello-dev-greetings',
    ],
    ['a function by GetAtt', { 'Fn::GetAtt': 'GreetLambdaFunction.Arn' }, /:lambda:.*:function:hello-dev-greet$/],
    [
      'Sub',
      { 'Fn::Sub': `\${AWS::Region}/\${GreetingsTable.Arn}/\${!kept}` },
      /^eu-west-1\/arn:.*greetings\/\$\{kept\}$/,
    ],
    ['Sub with variables', { 'Fn::Sub': [`\${name}!`, { name: { Ref: 'AWS::StackName' } }] }, 'hello!'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] }, 'a-123456789012'],
    ['a topic of SNS by Ref, which is its ARN', { Ref: 'Failures' }, 'arn:aws:sns:eu-west-1:123456789012:failures'],
    ['a topic by GetAtt', { 'Fn::GetAtt': ['Failures', 'TopicArn'] }, 'arn:aws:sns:eu-west-1:123456789012:failures'],
    ['a cluster by Ref', { Ref: 'Cluster' }, 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders'],
    ['Select', { 'Fn::Select': [1, ['a', 'b']] }, 'b'],
  ])('resolves %s in a function’s environment', (_, value, expected) => {
    const resources = {
      Failures: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'failures' } },
      Cluster: { Type: 'AWS::MSK::Cluster', Properties: { ClusterName: 'orders' } },
    }
    const [one] = read({ environment: { ONE: value }, resources }).functions
    expect(one?.environment.ONE).toMatch(expected instanceof RegExp ? expected : new RegExp(`^${expected}$`))
    expect(one?.environment.TABLE).toBe('hello-dev-greetings')
  })

  it('leaves out a variable without a value', () => {
    const [one] = read({ environment: { NONE: { Ref: 'AWS::NoValue' } } }).functions
    expect(one?.environment).toEqual({ TABLE: 'hello-dev-greetings' })
  })

  it.each([
    ['an import', { 'Fn::ImportValue': 'x' }, /Fn::ImportValue/],
    ['a reference to nothing', { Ref: 'Nothing' }, /Ref Nothing/],
  ])('refuses %s, and says what to do', (_, value, what) => {
    const refused = () => read({ environment: { ONE: value } })
    expect(refused).toThrow(/^ML_LOCAL_TEMPLATE: .*write the value out in serverless.yml/)
    expect(refused).toThrow(what)
  })

  it('refuses a name that refers to itself', () => {
    const resources = { A: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: { 'Fn::Sub': `x\${A}` } } } }
    expect(() => read({ resources })).toThrow(/^ML_LOCAL_TEMPLATE: .*refers to itself/)
  })

  it('tells its mappings, with Lambda’s defaults where nothing is set', () => {
    expect(read().mappings).toEqual([
      {
        id: 'GreetMapping',
        functionName: 'hello-dev-greet',
        functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:hello-dev-greet',
        source: 'self-managed',
        topic: 'greetings',
        group: 'greeters',
        batchSize: 100,
        batchingWindowMs: 500,
        startingPosition: 'TRIM_HORIZON',
        partialResponses: false,
        provisioned: false,
        maximumRetryAttempts: -1,
        maximumRecordAgeSeconds: -1,
        bisect: false,
        enabled: true,
      },
    ])
  })

  it('tells what a mapping sets', () => {
    const mapping = {
      EventSourceArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/1',
      SelfManagedEventSource: undefined,
      SelfManagedKafkaEventSourceConfig: undefined,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'msk-group', SchemaRegistryConfig: { a: 1 } },
      MaximumBatchingWindowInSeconds: 0,
      BatchSize: 500,
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_700_000_000,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ProvisionedPollerConfig: { MinimumPollers: 2 },
      MaximumRetryAttempts: 8,
      FilterCriteria: { Filters: [{ Pattern: '{}' }] },
      DestinationConfig: { OnFailure: { Destination: 'kafka://failures' } },
      SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:aws:secretsmanager:a' }],
      MetricsConfig: { Metrics: ['EventCount'] },
      LoggingConfig: { SystemLogLevel: 'INFO' },
      Tags: [{ Key: 'a', Value: 'b' }],
      KmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/a',
      Enabled: false,
    }
    expect(read({ mapping }).mappings).toMatchObject([
      {
        source: 'msk',
        group: 'msk-group',
        batchingWindowMs: 0,
        batchSize: 500,
        startingPositionTimestamp: 1_700_000_000,
        partialResponses: true,
        provisioned: true,
        minimumPollers: 2,
        maximumRetryAttempts: 8,
        filterCriteria: { Filters: [{ Pattern: '{}' }] },
        onFailureDestination: 'kafka://failures',
        sourceAccess: ['SASL_SCRAM_512_AUTH'],
        schemaRegistry: { a: 1 },
        enabled: false,
      },
    ])
  })

  it('asks for no secret, network or cluster of another stack, which are not there locally', () => {
    const mapping = {
      EventSourceArn: { 'Fn::ImportValue': { 'Fn::Sub': `network-\${AWS::Region}` } },
      SelfManagedEventSource: undefined,
      SelfManagedKafkaEventSourceConfig: undefined,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'greeters' },
      SourceAccessConfigurations: [
        { Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: { 'Fn::ImportValue': 'Certificate' } },
        { Type: 'IAM_AUTH' },
      ],
      KmsKeyArn: { 'Fn::ImportValue': 'Key' },
    }
    expect(read({ mapping }).mappings).toMatchObject([
      {
        eventSourceArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/network-eu-west-1',
        sourceAccess: ['CLIENT_CERTIFICATE_TLS_AUTH', 'IAM_AUTH'],
      },
    ])
  })

  it('finds an on-failure destination by reference, and says so where another stack has it', () => {
    const failing = (Destination: object) => ({ mapping: { DestinationConfig: { OnFailure: { Destination } } } })
    const resources = { Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } } }
    const [one] = read({ ...failing({ 'Fn::GetAtt': ['Dead', 'Arn'] }), resources }).mappings
    expect(one?.onFailureDestination).toBe('arn:aws:sqs:eu-west-1:123456789012:dead')
    expect(() => read(failing({ 'Fn::ImportValue': 'Dead' }))).toThrow(/^ML_LOCAL_TEMPLATE: Fn::ImportValue .*write/)
  })

  it('leaves out mappings that are none of Kafka', () => {
    const Properties = { FunctionName: 'x', EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:q' }
    expect(
      read({ resources: { Other: { Type: 'AWS::Lambda::EventSourceMapping', Properties } } }).mappings,
    ).toHaveLength(1)
  })

  it('refuses a mapping of two topics, and one of a function that is not there', () => {
    expect(() => read({ mapping: { Topics: ['a', 'b'] } })).toThrow(/^ML_LOCAL_MAPPING_UNSUPPORTED: .*GreetMapping/)
    expect(() => read({ mapping: { FunctionName: 'arn:x' } })).toThrow(/^ML_LOCAL_TEMPLATE: .*GreetMapping/)
  })

  it('finds the function of a mapping by its whole name, not by one that it begins with', () => {
    const name = 'hello-dev-greet-all'
    const Properties = { FunctionName: name, Handler: 'src/handler.handler', Runtime: 'nodejs22.x' }
    const service = packaged({
      mapping: { FunctionName: `arn:aws:lambda:eu-west-1:123456789012:function:${name}` },
      resources: { GreetAllLambdaFunction: { Type: 'AWS::Lambda::Function', Properties } },
    })
    const functions = { greet: { name: 'hello-dev-greet' }, greetAll: { name } }
    service.write('serverless-state.json', JSON.stringify({ service: { service: 'hello', functions } }))
    expect(readService(service.dir, 'eu-west-1').mappings).toMatchObject([{ functionName: name }])
  })

  it('refuses a function that may run for more than 14 minutes', () => {
    expect(read({ fn: { Timeout: 840 } }).mappings).toHaveLength(1)
    expect(() => read({ fn: { Timeout: 841 } })).toThrow(
      /^ML_LOCAL_MAPPING_UNSUPPORTED: .*timeout is 841 s; .*up to 840 s/,
    )
  })

  it('takes an empty ProvisionedPollerConfig for none, and an empty destination too', () => {
    const mapping = { ProvisionedPollerConfig: {}, DestinationConfig: { OnFailure: { Destination: '' } } }
    const [one] = read({ mapping }).mappings
    expect(one).toMatchObject({ provisioned: false })
    expect(one).not.toHaveProperty('onFailureDestination')
  })

  it.each([
    ['what is for other sources', { ParallelizationFactor: 2 }, 'has ParallelizationFactor'],
    ['a name that is none', { BatchSizes: 2 }, 'has BatchSizes'],
    ['two sources', { EventSourceArn: 'arn:aws:kafka:eu-west-1:1:cluster/c/1' }, 'has two sources'],
    ['settings of the other source', { AmazonManagedKafkaEventSourceConfig: {} }, 'has AmazonManagedKafka'],
    ['half a second', { MaximumBatchingWindowInSeconds: 0.5 }, 'has MaximumBatchingWindowInSeconds 0.5'],
    ['another response type', { FunctionResponseTypes: ['Other'] }, 'has FunctionResponseTypes'],
  ])('refuses a mapping with %s', (_, mapping, what) => {
    expect(() => read({ mapping })).toThrow(what)
  })

  it('has the framework’s tables also where they are no part of its stack, and each once where they are', () => {
    const ledgerTable = 'hello-dev-greetings'
    const outputs = writeOutputs({ ledgerTable, failuresTable: 'hello-dev-failures', functions: [] }, [])
    expect(read({ outputs }).tables.map(({ TableName }) => TableName)).toEqual([ledgerTable, 'hello-dev-failures'])
  })

  it('tells its tables as CreateTable takes them', () => {
    expect(read().tables).toEqual([
      {
        TableName: 'hello-dev-greetings',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      },
    ])
  })

  it.each(['cloudformation-template-update-stack.json', 'serverless-state.json'])('says when %s is broken', (name) => {
    const service = packaged()
    for (const content of ['{', '[]', '{"Resources":1,"service":1}']) {
      service.write(name, content)
      expect(() => readService(service.dir, 'eu-west-1')).toThrow(
        new RegExp(`^ML_LOCAL_TEMPLATE: .*${name}.*run \`npx serverless package\``),
      )
    }
  })

  it('says how to package a folder that holds no package', () => {
    expect(() => readService(join(packaged().dir, 'elsewhere'), 'eu-west-1')).toThrow(
      /^ML_LOCAL_TEMPLATE: .*no such file; run `npx serverless package`/,
    )
  })
})
