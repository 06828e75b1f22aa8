import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { fences } from '../../tools/markdown.js'
import type { Service } from '../serverless.js'
import { accessNames } from './authentication.js'
import { secret } from './every-mapping.fixture.js'
import { declaredMappings } from './mappings.js'
import { type EventSchema, extendEventSchemas, type ServiceSchema } from './schema.js'

/** The real classes of Serverless; they compile nothing here, but tell which properties an event has, and validate. */
const require = createRequire(createRequire(import.meta.url).resolve('serverless/package.json'))
const SchemaHandler: new (
  serverless: object,
) => {
  readonly schema: ServiceSchema & { readonly definitions: Record<string, object> }
  validateConfig(configuration: object): Promise<void>
} = require('./lib/classes/config-schema-handler')

function completeSchema() {
  const serverless = {
    service: { provider: { name: 'aws' }, configValidationMode: 'error' },
    configurationInput: {},
    getProvider: () => ({}),
    configSchemaHandler: {},
  }
  const handler = new SchemaHandler(serverless)
  serverless.configSchemaHandler = handler
  const any = ['awsSecretsManagerArnString', 'awsArnString', 'awsCfImport', 'awsCfRef', 'mskProvisionedPollerConfig']
  Object.assign(handler.schema.definitions, { filterPatterns: { type: 'array' } })
  for (const name of any) handler.schema.definitions[name] = {}
  for (const event of ['kafka', 'msk']) new (require(`./lib/plugins/aws/package/compile/events/${event}`))(serverless)
  extendEventSchemas(handler as never)
  return handler
}

const handler = completeSchema()
/** Serverless keeps what it compiled of a schema; elsewhere than in the home of who runs the tests. */
const cache = mkdtempSync(join(tmpdir(), 'millrace-schema-'))
beforeAll(async () => {
  vi.stubEnv('SLS_SCHEMA_CACHE_BASE_DIR', cache)
  // Compiling takes longer than all the rest.
  await invalid('kafka', {})
}, 60_000)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true, force: true })
})

const required = { kafka: { topic: 'orders', bootstrapServers: 'b1:9092' }, msk: { topic: 'orders', arn: 'arn:aws:x' } }

/** What Serverless says of an event with these settings; nothing, of one that it takes. */
function invalid(type: 'kafka' | 'msk', settings: object): Promise<string> {
  return complaint({ [type]: { ...required[type], ...settings } })
}

async function complaint(event: object): Promise<string> {
  const functions = { orders: { events: [event] } }
  try {
    await handler.validateConfig({ service: 'shop', provider: { name: 'aws' }, functions })
    return ''
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n\n')[0] ?? '') : String(error)
  }
}

const registry = {
  schemaRegistryURI: 'https://registry.example',
  eventRecordFormat: 'SOURCE',
  accessConfigs: [{ type: 'OAUTHBEARER_AUTH', uri: { Ref: 'Secret' } }],
  schemaValidationConfigs: [{ attribute: 'KEY' }, { attribute: 'VALUE' }],
}

describe('A kafka event and an msk event alike', () => {
  it.each<object>([
    { partitions: 12, batchSize: 10_000, maximumBatchingWindow: 300 },
    { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: 1_700_000_000 },
    { provisionedPollerConfig: { minimumPollers: 200, maximumPollers: 2_000, pollerGroupName: 'shop' } },
    { functionResponseTypes: [] },
    { maximumRetryAttempts: 10_000, maximumRecordAgeInSeconds: 604_800 },
    { maximumRetryAttempts: -1, maximumRecordAgeInSeconds: -1 },
    { onFailureDestination: 'kafka://dead' },
    { onFailureDestination: 'arn:aws:sqs:eu-central-1:123456789012:dead' },
    { onFailureDestination: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
    { onFailureDestination: { 'Fn::ImportValue': 'DeadLetters' } },
    { onFailureDestination: { 'Fn::Sub': 'arn:aws:s3:::dead-$' } },
    { schemaRegistryConfig: registry },
    { metricsConfig: { metrics: [] } },
    { loggingConfig: { systemLogLevel: 'DEBUG' } },
    { kmsKeyArn: { Ref: 'Key' }, tags: { team: 'checkout' } },
    { accessConfigurations: { saslScram512Auth: secret } },
    { accessConfigurations: { clientCertificateTlsAuth: { Ref: 'Certificate' } } },
  ])('takes %o', async (settings) => {
    expect(await invalid('kafka', settings)).toBe('')
    expect(await invalid('msk', settings)).toBe('')
  })

  it.each<[key: string, settings: object]>([
    ['metricConfig', { metricConfig: {} }],
    ['topic', { topic: '.orders' }],
    ['partitions', { partitions: 0 }],
    ['batchSize', { batchSize: 10_001 }],
    ['maximumBatchingWindow', { maximumBatchingWindow: 301 }],
    ['consumerGroupId', { consumerGroupId: 'with space' }],
    ['minimumPollers', { provisionedPollerConfig: { minimumPollers: 201 } }],
    ['maximumPollers', { provisionedPollerConfig: { maximumPollers: 2_001 } }],
    ['pollerGroup', { provisionedPollerConfig: { minimumPollers: 1, pollerGroup: 'shop' } }],
    ['maximumRetryAttempts', { maximumRetryAttempts: 10_001 }],
    ['maximumRecordAgeInSeconds', { maximumRecordAgeInSeconds: 604_801 }],
    ['onFailureDestination', { onFailureDestination: 'dead' }],
    ['onFailureDestination', { onFailureDestination: { Reference: 'Queue' } }],
    ['schemaRegistryURI', { schemaRegistryConfig: { ...registry, schemaRegistryURI: 'http://registry.example' } }],
    ['accessConfigs.0.type', { schemaRegistryConfig: { ...registry, accessConfigs: [{ type: 'NONE', uri: secret }] } }],
    ['metrics.0', { metricsConfig: { metrics: ['OffsetLag'] } }],
    ['systemLogLevel', { loggingConfig: { systemLogLevel: 'TRACE' } }],
    ['kmsKeyArn', { kmsKeyArn: 'alias/mine' }],
    ['aws:team', { tags: { 'aws:team': 'checkout' } }],
    ['saslScram512Auth', { accessConfigurations: { saslScram512Auth: 'password' } }],
  ])('refuses %s: %o, and names it', async (key, settings) => {
    expect(await invalid('kafka', settings)).toContain(key)
    expect(await invalid('msk', settings)).toContain(key)
  })
})

describe('A kafka event', () => {
  it.each<object>([
    { accessConfigurations: { vpcSubnet: 'subnet-1', vpcSecurityGroup: { Ref: 'Group' }, saslPlainAuth: [secret] } },
    { accessConfigurations: { saslScram256Auth: secret, serverRootCaCertificate: secret } },
    { accessConfigurations: { iamAuth: true } },
    { accessConfigurations: { iamOauthbearerAuth: true, oauthbearerAudience: 'kafka.example' } },
    { accessConfigurations: { oauthbearerAuth: secret, oauthbearerScope: 'a b', oauthbearerLogicalCluster: 'lkc-1' } },
    { accessConfigurations: { oauthbearerAuth: secret, oauthbearerIdentityPool: { Ref: 'Pool' } } },
  ])('takes %o', async (settings) => {
    expect(await invalid('kafka', settings)).toBe('')
  })

  it('names an unknown way to sign in', async () => {
    expect(await invalid('kafka', { accessConfigurations: { saslScram: secret } })).toMatch(/property 'saslScram'/)
  })
})

describe('The documentation', () => {
  const page = readFileSync(new URL('../../docs/serverless-yml.md', import.meta.url), 'utf8')

  it.each(
    fences(page).filter(({ language }) => language === 'yaml'),
  )('shows what is taken: line $line', async (one) => {
    // Serverless puts the default of a variable in its place.
    const { functions = {} } = parse(one.code.replace(/\$\{env:\w+, '(.*)'\}/g, '$1')) as Service
    const events = Object.values(functions).flatMap((declared) => declared.events ?? [])
    for (const event of events) expect(await complaint(event)).toBe('')
    expect(declaredMappings({ service: 'shop', provider: { name: 'aws' }, functions })).toHaveLength(events.length)
  })

  it.each(['kafka', 'msk'] as const)('names every setting of a %s event', (type) => {
    const [reference = ''] = page.split('## A function with several')
    for (const name of eventProperties(type)) expect(reference).toContain(`\`${name}\``)
    for (const name of Object.keys(accessNames)) expect(page).toContain(`\`${name}\``)
  })
})

/** The names of all that an event takes: Serverless' own, and the plugin's. */
function eventProperties(type: 'kafka' | 'msk'): string[] {
  const { patternProperties } = handler.schema.properties.functions
  const events = Object.values(patternProperties).flatMap((functions) => functions.properties.events.items.anyOf)
  return events.flatMap(({ properties }: EventSchema) => Object.keys(properties[type]?.properties ?? {}))
}

it('what a kafka event takes is named in the documentation, with nothing else beside it', () => {
  const esm = readFileSync(new URL('../../docs/esm.md', import.meta.url), 'utf8')
  const rows = esm.split('\n').filter((line) => /^\| `[A-Z]/.test(line))
  const named = rows.flatMap((row) =>
    [...(row.split(' | ')[1] ?? '').matchAll(/`([a-z]\w+)`/g)].map(([, name]) => name),
  )
  const apart = ['arn', 'msk', 'schemaRegistryConfig', 'partitions', 'consumptionMode', 'saslScram512']
  expect(named.filter((name) => !apart.includes(String(name))).sort()).toEqual(
    eventProperties('kafka')
      .filter((name) => !apart.includes(name))
      .sort(),
  )
  expect(esm).toContain('`schemaRegistryConfig`')
})
