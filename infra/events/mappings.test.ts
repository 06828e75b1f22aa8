import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../lib/errors.js'
import { tableNames } from '../resources/tables.js'
import type { Service, ServiceFunction } from '../serverless.js'
import { setEnvironment } from './environment.js'
import { declaredMappings } from './mappings.js'
import type { EventSettings } from './settings.js'

const event = { topic: 'orders', bootstrapServers: ['127.0.0.1:9092'], consumerGroupId: 'orders' }
const provisioned = { ...event, provisionedPollerConfig: { minimumPollers: 1 } }

function service(functions: Record<string, ServiceFunction>): Service {
  return { service: 'shop', functions, provider: { name: 'aws' } }
}

const reading = (...events: EventSettings[]) => ({ events: events.map((kafka) => ({ kafka })) })

function refusalOf(functions: Record<string, ServiceFunction>): MillraceError {
  try {
    declaredMappings(service(functions))
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('What a function is told of a mapping', () => {
  const told = (settings: Partial<EventSettings>) =>
    declaredMappings(service({ orders: reading({ ...provisioned, ...settings }) }))[0]?.told

  it('is that failures can be reported, unless they were declined', () => {
    expect(told({})).toEqual({ topic: 'orders', group: 'orders', partialResponses: true, withholds: false })
    expect(told({ functionResponseTypes: [] })).toMatchObject({ partialResponses: false })
  })

  it('is that it withholds records where there is a filter or an age, but not for "forever"', () => {
    expect(told({ filterPatterns: [{ value: {} }] })).toMatchObject({ withholds: true })
    expect(told({ maximumRecordAgeInSeconds: 60 })).toMatchObject({ withholds: true })
    expect(told({ maximumRecordAgeInSeconds: -1 })).toMatchObject({ withholds: false })
  })

  it('stands in its environment, with the tables and the name that logs and metrics carry', () => {
    const declared = service({ orders: { ...reading(provisioned), environment: { OWN: 'kept' } }, other: {} })
    setEnvironment(declared, declaredMappings(declared), tableNames('shop', 'dev'))
    expect(declared.functions?.orders?.environment).toEqual({
      OWN: 'kept',
      POWERTOOLS_SERVICE_NAME: 'shop',
      MILLRACE_LEDGER_TABLE: 'shop-dev-ledger',
      MILLRACE_FAILURES_TABLE: 'shop-dev-failures',
      MILLRACE_MAPPINGS: '[{"topic":"orders","group":"orders","partialResponses":true,"withholds":false}]',
    })
    expect(declared.functions?.other).not.toHaveProperty('environment')
  })
})

describe('Refused, with what to change, is', () => {
  it('a mapping without consumer group, because the ledger is named by it', () => {
    const { consumerGroupId: _, ...nameless } = provisioned
    expect(refusalOf({ orders: reading(nameless) }).message).toMatch(
      /^ML_PLUGIN_CONFIG: function orders, kafka event of topic orders: consumerGroupId is missing; the ledger .* named by it/,
    )
  })

  it.each<Partial<EventSettings>>([
    { functionResponseTypes: ['ReportBatchItemFailures'] },
    { maximumRetryAttempts: 3 },
    { maximumRecordAgeInSeconds: 60 },
    { bisectBatchOnFunctionError: true },
  ])('%o on demand', (settings) => {
    expect(refusalOf({ orders: reading({ ...event, ...settings }) }).message).toMatch(
      /in provisioned mode only; add provisionedPollerConfig: \{ minimumPollers: 1 \}/,
    )
  })

  it('all that is wrong with the events of a service, at once', () => {
    const demanding = { ...event, bisectBatchOnFunctionError: true }
    const refusal = refusalOf({
      orders: reading(demanding),
      audit: reading(provisioned),
      bills: reading({ ...demanding, topic: 'bills', consumerGroupId: 'bills' }),
    })
    expect(refusal.code).toBe('ML_CHECKS_FAILED')
    expect(refusal.message.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^- ML_PLUGIN_CONFIG: function orders, .*bisectBatchOnFunctionError/),
      expect.stringMatching(/^- ML_PLUGIN_CONFIG: function bills, .*bisectBatchOnFunctionError/),
    ])
  })

  it('a provisioned mode that is none', () => {
    const empty = { orders: { events: [{ msk: { ...event, provisionedPollerConfig: {} } }] } }
    expect(refusalOf(empty).message).toMatch(
      /provisionedPollerConfig without minimumPollers turns provisioned mode off/,
    )
  })

  it('one group of two functions on one topic', () => {
    const { message } = refusalOf({ orders: reading(provisioned), audit: reading(event) })
    expect(message).toMatch(
      /function orders reads topic orders, and function audit reads topic orders, as one group "orders"; .* write one ledger/,
    )
  })

  it('one group of two mappings, because Lambda takes a group once', () => {
    const { message } = refusalOf({ orders: reading(event, { ...event, topic: 'refunds' }) })
    expect(message).toMatch(/one group "orders"; Lambda takes a group for one .*, for example "orders-refunds"/)
  })

  it('a function that reads one topic twice', () => {
    const { message } = refusalOf({ orders: reading(event, { ...event, consumerGroupId: 'other' }) })
    expect(message).toMatch(/function orders reads topic orders through two events/)
  })

  it('an event without a broker', () => {
    expect(refusalOf({ orders: reading({ ...event, bootstrapServers: [' ,'] }) }).message).toMatch(/names no broker/)
  })

  it('an environment that contradicts the events', () => {
    const declared = service({ orders: { ...reading(event), environment: { MILLRACE_MAPPINGS: '[]' } } })
    const set = () => setEnvironment(declared, declaredMappings(declared), tableNames('shop', 'dev'))
    expect(set).toThrow(/^ML_PLUGIN_CONFIG: .*sets MILLRACE_MAPPINGS/)
  })

  it('an environment that Lambda would not take, with what it is told of many mappings', () => {
    const read = (n: number) => {
      const events = Array.from({ length: n }, (_, i) => ({ ...event, topic: `t${i}`, consumerGroupId: `group-${i}` }))
      const declared = service({ orders: { ...reading(...events), environment: { OWN: 'o'.repeat(2_000) } } })
      return () => setEnvironment(declared, declaredMappings(declared), tableNames('shop', 'dev'))
    }
    expect(read(10)).not.toThrow()
    expect(read(60)).toThrow(/^ML_PLUGIN_CONFIG: the environment of function orders takes \d+ bytes, .* 60 mappings/)
  })
})
