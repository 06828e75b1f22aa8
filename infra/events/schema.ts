import type { ConfigSchemaHandler } from '../serverless.js'
import { type AccessName, accessNames } from './authentication.js'

/** `{ Ref: … }`, `{ Fn::GetAtt: … }` and the like: what CloudFormation resolves. */
const reference = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  patternProperties: { '^(Ref|Fn::[A-Za-z]+)$': {} },
  additionalProperties: false,
}

/** A text, or a reference that gives one at deployment. */
const value = (pattern: string, maxLength: number) => ({
  anyOf: [{ type: 'string', minLength: 1, maxLength, pattern }, reference],
})

const integer = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum })

const strict = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

const secret = value('^arn:aws[a-z-]*:secretsmanager:', 200)
const destination = value('^(kafka://[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248}|arn:aws[a-zA-Z0-9-]*:(sqs|sns|s3):.+)$', 1_024)

/** A text alone becomes a list, which osls makes of it; a reference alone is one value. */
const oneOrMore = (item: object) => ({ anyOf: [{ type: 'array', minItems: 1, items: item }, reference] })

const accessValues: Readonly<Record<(typeof accessNames)[AccessName]['holds'], object>> = {
  secret: oneOrMore(secret),
  text: value('.', 200),
  nothing: { type: 'boolean' },
}

const networkValues: Partial<Record<AccessName, object>> = {
  vpcSubnet: oneOrMore(value('^subnet-', 200)),
  vpcSecurityGroup: oneOrMore(value('^sg-', 200)),
}

const accessConfigurations = (names: readonly AccessName[]) =>
  strict(Object.fromEntries(names.map((name) => [name, networkValues[name] ?? accessValues[accessNames[name].holds]])))

const schemaRegistryConfig = strict(
  {
    schemaRegistryURI: value('^(https://.|arn:aws[a-z-]*:glue:)', 10_000),
    eventRecordFormat: { enum: ['JSON', 'SOURCE'] },
    accessConfigs: {
      type: 'array',
      maxItems: 2,
      items: strict(
        {
          type: {
            enum: ['BASIC_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE', 'OAUTHBEARER_AUTH'],
          },
          uri: secret,
        },
        ['type', 'uri'],
      ),
    },
    schemaValidationConfigs: {
      type: 'array',
      minItems: 1,
      maxItems: 2,
      uniqueItems: true,
      items: strict({ attribute: { enum: ['KEY', 'VALUE'] } }, ['attribute']),
    },
  },
  ['schemaRegistryURI', 'eventRecordFormat', 'schemaValidationConfigs'],
)

/**
 * The settings of a mapping that osls lacks, and those that it limits otherwise than Lambda, as camel-cased CloudFormation names. Limits are those of
 * Lambda's API (KAFKA-ESM §2–§6) and of CloudFormation's schema of the resource.
 */
const common = {
  topic: { type: 'string', maxLength: 249, pattern: '^[a-zA-Z0-9_-][a-zA-Z0-9._-]+$' },
  partitions: { type: 'integer', minimum: 1 },
  consumerGroupId: { type: 'string', maxLength: 200, pattern: '^[a-zA-Z0-9/*:_+=.@-]+$' },
  batchSize: integer(1, 10_000),
  maximumBatchingWindow: integer(0, 300),
  startingPositionTimestamp: { type: 'number', minimum: 0 },
  provisionedPollerConfig: strict({
    minimumPollers: integer(1, 200),
    maximumPollers: integer(1, 2_000),
    pollerGroupName: { type: 'string', maxLength: 128, pattern: '^[a-zA-Z0-9_-]*$' },
  }),
  functionResponseTypes: { type: 'array', maxItems: 1, items: { const: 'ReportBatchItemFailures' } },
  maximumRetryAttempts: integer(-1, 10_000),
  maximumRecordAgeInSeconds: integer(-1, 604_800),
  bisectBatchOnFunctionError: { type: 'boolean' },
  onFailureDestination: destination,
  schemaRegistryConfig,
  metricsConfig: strict(
    {
      metrics: {
        type: 'array',
        maxItems: 3,
        uniqueItems: true,
        items: { enum: ['ErrorCount', 'EventCount', 'KafkaMetrics'] },
      },
    },
    ['metrics'],
  ),
  loggingConfig: strict({ systemLogLevel: { enum: ['DEBUG', 'INFO', 'WARN'] } }, ['systemLogLevel']),
  kmsKeyArn: value('^arn:aws[a-z-]*:kms:', 2_048),
  tags: {
    type: 'object',
    maxProperties: 50,
    patternProperties: { '^(?!aws:).{1,128}$': { type: 'string', maxLength: 256 } },
    additionalProperties: false,
  },
}

const properties = {
  kafka: {
    ...common,
    accessConfigurations: accessConfigurations(Object.keys(accessNames) as AccessName[]),
    consumptionMode: { enum: ['Stream', 'Queue'] },
  },
  msk: {
    ...common,
    saslScram512: secret,
    accessConfigurations: accessConfigurations(['saslScram512Auth', 'clientCertificateTlsAuth']),
  },
}

export interface EventSchema {
  readonly properties: Partial<Record<'kafka' | 'msk', { properties: Record<string, unknown>; required?: string[] }>>
}

export interface ServiceSchema {
  readonly properties: {
    readonly functions: {
      readonly patternProperties: Readonly<
        Record<string, { properties: { events: { items: { anyOf: readonly EventSchema[] } } } }>
      >
    }
  }
}

/**
 * Lets serverless.yml say on a `kafka` or `msk` event all that Lambda knows. Written over the schema of osls where it has one: its own
 * `defineFunctionEventProperties` takes only what is new, and of that nothing that osls learns later.
 */
export function extendEventSchemas(handler: ConfigSchemaHandler): void {
  const { patternProperties } = (handler.schema as ServiceSchema).properties.functions
  const events = Object.values(patternProperties).flatMap((functions) => functions.properties.events.items.anyOf)
  for (const event of events) {
    for (const type of ['kafka', 'msk'] as const) {
      const schema = event.properties[type]
      if (schema === undefined) continue
      // The schema handler rewrites what it has.
      Object.assign(schema.properties, structuredClone(properties[type]))
      // osls demands it, but a cluster inside a trusted network may have no authentication at all.
      schema.required = schema.required?.filter((name) => name !== 'accessConfigurations') ?? []
    }
  }
}
