import { describe, expect, it } from 'vitest'
import { type DeliveryNeeds, retriesNeeded } from '../../lib/deployment/index.js'
import { declaredMappings } from '../events/index.js'
import type { EventSettings, Service } from '../serverless.js'
import { checkRetries } from './retries.js'

const needs: DeliveryNeeds = {
  attempts: 5,
  intervalMs: 200,
  factor: 2,
  capMs: 30_000,
  maxHolds: 100,
  holds: false,
  keeps: false,
  reserveMs: undefined,
}

describe('The retries a function needs', () => {
  it.each([
    ['its attempts and three to spare', {}, 6_000, 8],
    ['what its holds may spend, if it says that it holds', { holds: true }, 6_000, 108],
    // 1, 2, 4, 8, 16 and 30 s, of which 4.5 s fit into one delivery.
    ['a delivery for each that only waits', { attempts: 7, intervalMs: 1_000 }, 6_000, 10 + 0 + 0 + 0 + 1 + 3 + 6],
    ['fewer of those where an invocation lasts longer', { attempts: 7, intervalMs: 1_000 }, 60_000, 10],
    ['fewer of those where it keeps less for settling', { attempts: 7, intervalMs: 1_000, reserveMs: 500 }, 6_000, 18],
    ['no wait outside Lambda, where there is all the time', { intervalMs: 3_600_000 }, Number.POSITIVE_INFINITY, 8],
  ])('are %s', (_what, more, timeoutMs, expected) => {
    const all = { ...needs, ...more }
    expect(retriesNeeded(all, timeoutMs, all)).toBe(expected)
  })
})

describe('The retries of a mapping', () => {
  async function check(settings: Partial<EventSettings>, known: DeliveryNeeds | string = needs, timeout?: number) {
    const event = {
      topic: 'orders',
      consumerGroupId: 'orders',
      bootstrapServers: ['b:9092'],
      provisionedPollerConfig: { minimumPollers: 1 },
      ...settings,
    }
    const service: Service = {
      service: 'shop',
      provider: { name: 'aws' },
      functions: { orders: { timeout, events: [{ kafka: event }] } },
    } as Service
    const warnings: string[] = []
    let loads = 0
    const mappings = new Map(declaredMappings(service).map((mapping) => [mapping, mapping.told]))
    const load = async () => {
      loads++
      return known
    }
    await checkRetries(service, mappings, load, (text) => warnings.push(text))
    return { warnings, loads }
  }

  it('may be without end, and then nothing is loaded', async () => {
    expect(await check({})).toEqual({ warnings: [], loads: 0 })
    expect(await check({ maximumRetryAttempts: -1 })).toEqual({ warnings: [], loads: 0 })
  })

  it('may be as many as the function needs, and not one less', async () => {
    expect(await check({ maximumRetryAttempts: 8 })).toEqual({ warnings: [], loads: 1 })
    await expect(check({ maximumRetryAttempts: 7 })).rejects.toThrow(
      /^ML_RETRIES_TOO_FEW: the kafka event of topic orders of function orders grants 7 retries, .* need 8 .*maximumRetryAttempts to -1 .* or to 8 or more$/,
    )
  })

  it('are ten with an on-failure destination that says nothing else', async () => {
    const onFailureDestination = 'kafka://failed'
    expect(await check({ onFailureDestination })).toEqual({ warnings: [], loads: 1 })
    await expect(check({ onFailureDestination }, { ...needs, attempts: 8 })).rejects.toThrow('grants 10 retries')
    expect(await check({ onFailureDestination, maximumRetryAttempts: 20 }, { ...needs, attempts: 8 })).toMatchObject({
      loads: 1,
    })
  })

  it('have no end where the function keeps a record until it is mended', async () => {
    await expect(check({ maximumRetryAttempts: 1_000 }, { ...needs, keeps: true })).rejects.toThrow(
      /^ML_RETRIES_TOO_FEW: .*grants 1000 retries, but the function keeps records until .* to -1 without an onFailureDestination$/,
    )
    expect(await check({}, { ...needs, keeps: true })).toEqual({ warnings: [], loads: 0 })
  })

  it('are held against the time-out of the function, where it waits', async () => {
    const waiting = { ...needs, intervalMs: 5_000 }
    await expect(check({ maximumRetryAttempts: 8 }, waiting)).rejects.toThrow('ML_RETRIES_TOO_FEW')
    expect(await check({ maximumRetryAttempts: 8 }, waiting, 60)).toMatchObject({ loads: 1 })
  })

  it('are a warning where the code does not say', async () => {
    expect(await check({ maximumRetryAttempts: 1 }, 'it is closed')).toEqual({
      warnings: ['whether 1 retries are enough for function orders was not checked: it is closed'],
      loads: 1,
    })
  })
})
