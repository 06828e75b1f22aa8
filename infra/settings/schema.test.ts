import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { ConfigSchemaHandler } from '../serverless.js'
import { extendSettingsSchemas } from './schema.js'

/** The validator of osls itself, whose messages are what people read. */
const require = createRequire(createRequire(import.meta.url).resolve('serverless/package.json'))
const SchemaHandler: new (
  serverless: object,
) => ConfigSchemaHandler & {
  readonly schema: { readonly definitions: Record<string, object> }
  defineProvider(name: string): void
  validateConfig(configuration: object): Promise<void>
} = require('./lib/classes/config-schema-handler')

const cache = mkdtempSync(join(tmpdir(), 'millrace-settings-'))
const handler = new SchemaHandler({
  service: { provider: { name: 'aws' }, configValidationMode: 'error' },
  configurationInput: {},
})
beforeAll(async () => {
  vi.stubEnv('SLS_SCHEMA_CACHE_BASE_DIR', cache)
  handler.defineProvider('aws')
  for (const name of ['awsKmsArn', 'awsLogRetentionInDays', 'awsIamPolicyStatements'])
    handler.schema.definitions[name] = {}
  extendSettingsSchemas(handler)
  // Compiling takes longer than all the rest.
  await complaint({})
}, 60_000)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true, force: true })
})

/** What osls says of `custom.millrace`; nothing, where it takes it. */
async function complaint(millrace: object): Promise<string> {
  try {
    await handler.validateConfig({ service: 'shop', provider: { name: 'aws' }, custom: { millrace } })
    return ''
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n\n')[0] ?? '') : String(error)
  }
}

it.each<[string, object]>([
  ["alarms': unrecognized property 'failuresWaitng'", { alarms: { failuresWaitng: { records: 1 } } }],
  ["alarms.fallbackRate': unrecognized property 'percentage'", { alarms: { fallbackRate: { percentage: 1 } } }],
  ["alarms.stall.stallSeconds': must be >= 180", { alarms: { stall: { stallSeconds: 60 } } }],
  ["alarms.topic': must match pattern", { alarms: { topic: 'https://example.com/hook' } }],
  ["dashboard': unrecognized property 'title'", { dashboard: { title: 'shop' } }],
  ["health': unrecognized property 'minutes'", { health: { minutes: 5 } }],
])('osls names what it does not take: %s', async (text, millrace) => {
  expect(await complaint(millrace)).toContain(text)
})

it('Each part can be switched off by false, and by nothing else', async () => {
  expect(await complaint({ alarms: false, dashboard: false, health: false })).toBe('')
  expect(await complaint({ alarms: { topic: { Ref: 'OnCall' }, stall: false } })).toBe('')
  expect(await complaint({ alarms: true })).toContain('alarms')
})
