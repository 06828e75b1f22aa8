import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'

type Properties = Record<string, unknown>

/** What a made-up service consists of; every part has a default. */
export interface ServiceParts {
  /** Source of the CommonJS module that is zipped as `handler.cjs`. Default: a handler that settles every batch. */
  readonly code?: string
  readonly environment?: Properties
  /** Properties that the function has besides, or in place of, the default ones. */
  readonly fn?: Properties
  /** Properties that the mapping has besides, or in place of, the default ones. */
  readonly mapping?: Properties
  /** Resources besides the function `greet`, its mapping of topic `greetings`, and its table. */
  readonly resources?: Record<string, { Type: string; Properties?: Properties }>
  readonly outputs?: Record<string, { Value: unknown }>
}

/** The folder of a service as `serverless package` leaves it, in the temporary folder. */
export interface PackagedService {
  readonly dir: string
  /** Replaces a file of the package. */
  write(name: string, content: string | Uint8Array): void
  remove(): void
}

export function packagedService(parts: ServiceParts = {}): PackagedService {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-service-'))
  mkdirSync(join(dir, '.serverless'))
  const service: PackagedService = {
    dir,
    write: (name, content) => writeFileSync(join(dir, '.serverless', name), content),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
  const { code = 'exports.handler = async () => ({ batchItemFailures: [] })' } = parts
  service.write('greet.zip', zipSync({ 'src/handler.cjs': strToU8(code), 'src/handler.cjs.map': strToU8('{}') }))
  service.write('cloudformation-template-update-stack.json', JSON.stringify(template(parts)))
  const greet = { name: 'hello-dev-greet', package: { artifact: '.serverless/greet.zip' } }
  service.write('serverless-state.json', JSON.stringify({ service: { service: 'hello', functions: { greet } } }))
  return service
}

function template({ environment = {}, fn = {}, mapping = {}, resources = {}, outputs = {} }: ServiceParts) {
  return {
    Outputs: outputs,
    Resources: {
      Bucket: { Type: 'AWS::S3::Bucket' },
      GreetLambdaFunction: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'hello-dev-greet',
          Handler: 'src/handler.handler',
          Runtime: 'nodejs22.x',
          Timeout: 5,
          MemorySize: 256,
          Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'serverless/hello/dev/1/greet.zip' },
          Environment: { Variables: { TABLE: { Ref: 'GreetingsTable' }, ...environment } },
          Role: { 'Fn::ImportValue': 'a role of another stack' },
          ...fn,
        },
      },
      GreetMapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: { 'Fn::GetAtt': ['GreetLambdaFunction', 'Arn'] },
          StartingPosition: 'TRIM_HORIZON',
          Topics: ['greetings'],
          SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['127.0.0.1:9092'] } },
          SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'greeters' },
          ...mapping,
        },
      },
      GreetingsTable: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'hello-dev-greetings',
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
          TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
        },
      },
      ...resources,
    },
  }
}
