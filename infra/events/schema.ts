import type { ConfigSchemaHandler } from '../serverless.js'

/** The settings of a mapping that osls does not know, as camel-cased CloudFormation names (KAFKA-ESM §3). */
const properties = {
  functionResponseTypes: { type: 'array', maxItems: 1, items: { const: 'ReportBatchItemFailures' } },
  maximumRetryAttempts: { type: 'integer', minimum: -1, maximum: 10_000 },
  // Lambda takes "forever" or a minute to a week; 1 to 59 would be refused only at deployment.
  maximumRecordAgeInSeconds: { anyOf: [{ const: -1 }, { type: 'integer', minimum: 60, maximum: 604_800 }] },
  bisectBatchOnFunctionError: { type: 'boolean' },
  schemaRegistryConfig: {
    type: 'object',
    properties: {
      schemaRegistryURI: { type: 'string' },
      eventRecordFormat: { enum: ['JSON', 'SOURCE'] },
      accessConfigs: {
        type: 'array',
        maxItems: 2,
        items: {
          type: 'object',
          properties: { type: { type: 'string' }, uri: { type: 'string' } },
          required: ['type', 'uri'],
          additionalProperties: false,
        },
      },
      schemaValidationConfigs: {
        type: 'array',
        minItems: 1,
        maxItems: 2,
        items: {
          type: 'object',
          properties: { attribute: { enum: ['KEY', 'VALUE'] } },
          required: ['attribute'],
          additionalProperties: false,
        },
      },
    },
    required: ['schemaRegistryURI', 'eventRecordFormat', 'schemaValidationConfigs'],
    additionalProperties: false,
  },
}

/** Lets serverless.yml say on a `kafka` or `msk` event what the framework needs and osls lacks. */
export function extendEventSchemas(handler: ConfigSchemaHandler): void {
  // The schema handler keeps what it is given and rewrites it, so each event gets its own copy.
  handler.defineFunctionEventProperties('aws', 'kafka', { properties: structuredClone(properties) })
  // osls has it on kafka events only.
  const msk = { ...properties, onFailureDestination: { type: 'string' } }
  handler.defineFunctionEventProperties('aws', 'msk', { properties: structuredClone(msk) })
  allowNoAuthentication(handler.schema)
}

interface EventSchema {
  readonly properties: { readonly kafka?: { required?: string[] } }
}

interface ServiceSchema {
  readonly properties: {
    readonly functions: {
      readonly patternProperties: Readonly<
        Record<string, { properties: { events: { items: { anyOf: readonly EventSchema[] } } } }>
      >
    }
  }
}

/** osls demands `accessConfigurations`, but a cluster inside a trusted network may have no authentication at all. */
function allowNoAuthentication(schema: unknown): void {
  for (const functions of Object.values((schema as ServiceSchema).properties.functions.patternProperties)) {
    for (const { properties } of functions.properties.events.items.anyOf) {
      const kafka = properties.kafka
      if (kafka?.required) kafka.required = kafka.required.filter((name) => name !== 'accessConfigurations')
    }
  }
}
