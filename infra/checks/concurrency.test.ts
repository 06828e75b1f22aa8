import { describe, expect, it } from 'vitest'
import { codesOf, findingOf } from './subject.fixture.js'

const pollers = (MinimumPollers: number, MaximumPollers?: number) => ({
  mapping: { ProvisionedPollerConfig: { MinimumPollers, ...(MaximumPollers && { MaximumPollers }) } },
})
const reserved = (ReservedConcurrentExecutions: number) => ({ function: { ReservedConcurrentExecutions } })
const partitions = (count: number) => ({ event: { partitions: count } })

describe('The concurrency reserved for a function', () => {
  it('may be none', async () => {
    expect(await codesOf({ ...pollers(1, 4), ...partitions(12) })).toEqual([])
  })

  it('is no less than a batch of each poller that is always there', async () => {
    expect(await codesOf({ ...pollers(3, 4), ...reserved(3) })).toEqual([])
    expect(await findingOf({ ...pollers(3, 4), ...reserved(2) })).toMatch(
      /^ML_CHECK_CONCURRENCY: its reservedConcurrency allows 2 at once, .* up to 3 under way .* to 3 or more/,
    )
  })

  it('is no less than the partitions, of which each has a batch under way [R-21]', async () => {
    expect(await codesOf({ ...pollers(1), ...partitions(12), ...reserved(12) })).toEqual([])
    expect(await findingOf({ ...pollers(1), ...partitions(12), ...reserved(11) })).toMatch(/up to 12 under way/)
    // One poller has five invocations under way at most.
    expect(await codesOf({ ...pollers(1, 1), ...partitions(12), ...reserved(5) })).toEqual([])
    expect(await codesOf({ ...pollers(1, 1), ...partitions(12), ...reserved(4) })).toEqual(['ML_CHECK_CONCURRENCY'])
  })

  it('is one at least on demand', async () => {
    const demand = { mapping: { ProvisionedPollerConfig: undefined } }
    expect(await codesOf({ ...demand, ...reserved(1) })).toEqual([])
    expect(await codesOf({ ...demand, ...reserved(0) })).toEqual(['ML_CHECK_CONCURRENCY'])
  })
})

describe('Pollers [R-21]', () => {
  it('are warned of where there are more than partitions, for which order by key is the way', async () => {
    expect(await codesOf({ ...pollers(1, 4), ...partitions(4) })).toEqual([])
    expect(await findingOf({ ...pollers(1, 4), ...partitions(3) })).toMatch(
      /^ML_CHECK_IDLE: its maximumPollers is 4, but the topic has 3 partitions, .* order to 'key' or 'none'$/,
    )
    expect(await findingOf({ ...pollers(4, 4), ...partitions(3) })).toContain('its minimumPollers is 4')
  })

  it('may be as many as Lambda gives, which are no more than the partitions', async () => {
    expect(await codesOf({ ...pollers(1), ...partitions(3) })).toEqual([])
  })
})
