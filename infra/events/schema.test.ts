import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { extendEventSchemas } from './schema.js'

interface EventSchema {
  readonly properties: object
}

/** Compiles nothing: it tells which properties the event has, and that is all that is asked of it here. */
type KafkaEvents = new (serverless: object) => unknown

/** The names of all that a `kafka` event takes: Serverless' own, and the plugin's. */
function eventProperties(): string[] {
  const names: string[] = []
  const take = (_: string, event: string, { properties }: EventSchema): void => {
    if (event === 'kafka') names.push(...Object.keys(properties))
  }
  const Kafka: KafkaEvents = createRequire(import.meta.url)('serverless/lib/plugins/aws/package/compile/events/kafka')
  new Kafka({ getProvider: () => ({}), configSchemaHandler: { defineFunctionEvent: take } })
  const schema = { properties: { functions: { patternProperties: {} } } }
  extendEventSchemas({ schema, defineFunctionEventProperties: take } as never)
  return names
}

it('what a kafka event takes is named in the documentation, with nothing else beside it', () => {
  const esm = readFileSync(new URL('../../docs/esm.md', import.meta.url), 'utf8')
  const rows = esm.split('\n').filter((line) => /^\| `[A-Z]/.test(line))
  const named = rows.flatMap((row) =>
    [...(row.split(' | ')[1] ?? '').matchAll(/`([a-z]\w+)`/g)].map(([, name]) => name),
  )
  const apart = ['arn', 'msk', 'schemaRegistryConfig']
  expect(named.filter((name) => !apart.includes(String(name))).sort()).toEqual(
    eventProperties()
      .filter((name) => !apart.includes(name))
      .sort(),
  )
  expect(esm).toContain('`schemaRegistryConfig`')
})
