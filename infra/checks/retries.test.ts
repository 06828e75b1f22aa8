import { describe, expect, it } from 'vitest'
import { type DeliveryNeeds, retriesNeeded } from '../../lib/deployment/index.js'
import { codesOf, findingOf, needs } from './subject.fixture.js'

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
  const limited = (retries: number, own: Partial<DeliveryNeeds> = {}) => ({
    mapping: { MaximumRetryAttempts: retries },
    needs: own,
  })

  it('may be without end', async () => {
    expect(await codesOf({})).toEqual([])
    expect(await codesOf(limited(-1, { keeps: true }))).toEqual([])
  })

  it('may be as many as the function needs, and not one less', async () => {
    expect(await codesOf(limited(8))).toEqual([])
    expect(await findingOf(limited(7))).toMatch(
      /^ML_RETRIES_TOO_FEW: it grants 7 retries, .* need 8 .*maximumRetryAttempts to -1 .* or to 8 or more$/,
    )
  })

  it('are ten with an on-failure destination that says nothing else', async () => {
    const destination = { DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } }
    expect(await codesOf({ mapping: destination })).toEqual([])
    const more = { needs: { attempts: 8 } }
    expect(await findingOf({ mapping: destination, ...more })).toContain('grants 10 retries')
    expect(await codesOf({ mapping: { ...destination, MaximumRetryAttempts: 20 }, ...more })).toEqual([])
  })

  it('have no end where the function keeps a record until it is mended', async () => {
    expect(await findingOf(limited(1_000, { keeps: true }))).toMatch(
      /grants 1000 retries, but the function keeps records until .* to -1 without an onFailureDestination$/,
    )
  })

  it('are held against the time-out of the function, where it waits', async () => {
    const waiting = limited(8, { intervalMs: 5_000, leaseMs: 1_000 })
    expect(await codesOf({ ...waiting, function: { Timeout: 6 } })).toEqual(['ML_RETRIES_TOO_FEW'])
    expect(await codesOf(waiting)).toEqual([])
  })
})
