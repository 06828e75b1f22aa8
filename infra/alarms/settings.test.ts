import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { fences } from '../../tools/markdown.js'
import { dashboardSchema } from '../dashboard/index.js'
import { functionAlarmsSchema, serviceAlarmsSchema } from './index.js'

/** The validator that osls has. */
const Ajv: new () => {
  compile(schema: object): (value: unknown) => boolean
} = createRequire(createRequire(import.meta.url).resolve('serverless/package.json'))('ajv')

const strict = (properties: object) => ({ type: 'object', properties, additionalProperties: false })
const compiled = (properties: object) => new Ajv().compile(strict(properties))
const service = compiled({ alarms: serviceAlarmsSchema, dashboard: dashboardSchema })
const ofFunction = compiled({ alarms: functionAlarmsSchema })

const page = readFileSync(new URL('../../docs/dashboard.md', import.meta.url), 'utf8')
const examples = fences(page).flatMap(({ language, code }) => (language === 'yaml' ? [parse(code)] : []))

it('The settings of dashboard and alarms that the page shows are taken', () => {
  const shown = examples.flatMap(({ custom, functions = {} }) => [
    ...(custom ? [service(custom.millrace)] : []),
    ...Object.values<{ millrace: unknown }>(functions).map(({ millrace }) => ofFunction(millrace)),
  ])
  expect(shown).toEqual([true, true])
})

it.each<object>([
  { alarms: false, dashboard: false },
  { alarms: { topic: { Ref: 'OnCall' }, stall: false, failuresWaiting: false } },
  { dashboard: {} },
])('%j is taken of a service', (settings) => {
  expect(service(settings)).toBe(true)
})

it.each<object>([
  { alarms: true },
  { alarms: { stalled: false } },
  { alarms: { stall: { seconds: 300 } } },
  { alarms: { stall: { stallSeconds: 90 } } },
  { alarms: { stall: { stallSeconds: 120 } } },
  { alarms: { fallbackRate: { percent: 101 } } },
  { alarms: { latency: {} } },
  { alarms: { errors: { count: -1 } } },
  { dashboard: { name: 'with blanks' } },
])('%j is refused', (settings) => {
  expect(service(settings)).toBe(false)
})

it('What all functions share is not set by one of them', () => {
  expect(ofFunction({ alarms: { topic: 'arn:aws:sns:eu-central-1:123456789012:on-call' } })).toBe(false)
  expect(ofFunction({ alarms: { failuresWaiting: {} } })).toBe(false)
})
