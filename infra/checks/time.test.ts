import { describe, expect, it } from 'vitest'
import { codesOf, findingOf } from './subject.fixture.js'

const timeout = (seconds: number) => ({ Timeout: seconds })

describe('The time-out of a function [P-25]', () => {
  it('is at most the 14 minutes in which Lambda reads Kafka', async () => {
    expect(await codesOf({ function: timeout(840) })).toEqual([])
    expect(await findingOf({ function: timeout(841) })).toMatch(/^ML_CHECK_TIMEOUT_LONG: .* 841 s.* 840 s .*14 minutes/)
  })

  it('leaves a record as long as it may run, beside what is kept for settling', async () => {
    const slow = { needs: { recordTimeoutMs: 30_000, leaseMs: 1_000 } }
    expect(await codesOf({ ...slow, function: timeout(33) })).toEqual([])
    expect(await findingOf({ ...slow, function: timeout(32) })).toMatch(
      /^ML_CHECK_TIMEOUT_SHORT: its timeout is 32 s, of which 2000 ms .* recordTimeoutMs of 30000 is never finished. Set timeout to 33 or more/,
    )
  })

  it('may be short where a quarter of it is kept', async () => {
    const quick = { needs: { recordTimeoutMs: 3_000, leaseMs: 1_000 } }
    expect(await findingOf({ ...quick, function: timeout(4) })).toContain('Set timeout to 5 or more')
    expect(await codesOf({ ...quick, function: timeout(5) })).toEqual([])
  })

  it('leaves more than is kept for settling', async () => {
    const all = { needs: { reserveMs: 6_000 }, function: timeout(6) }
    expect(await findingOf(all)).toMatch(/no record is ever started. Set timeout to 7 or more, or lower reserveMs$/)
  })

  it('is no more than what a batch may run', async () => {
    const batch = { needs: { recordTimeoutMs: 9_000, batchTimeoutMs: 10_000, leaseMs: 1_000 } }
    expect(await findingOf(batch)).toMatch(/its batchTimeoutMs is 10000.* Set batchTimeoutMs to more than 11000/)
  })

  it('is a doubt where nobody says it', async () => {
    const unset = { declaredTimeout: null, function: timeout(6) }
    expect(await findingOf(unset)).toMatch(/^ML_CHECK_TIMEOUT_UNSET: it says no timeout and gets 6 s/)
  })

  it('is a doubt where it is too short for the lease of a crashed invocation', async () => {
    expect(await codesOf({ function: timeout(12) })).toEqual([])
    expect(await findingOf({ function: timeout(6) })).toMatch(/^ML_CHECK_LEASE: .* 10000 ms .* spends 3 deliveries/)
  })
})

describe('The age at which records are given up [P-25]', () => {
  const aged = (age: number, more = {}) => ({ mapping: { MaximumRecordAgeInSeconds: age, ...more } })

  it('may be none, or many times what a delivery takes', async () => {
    expect(await codesOf(aged(-1, { MaximumBatchingWindowInSeconds: 300 }))).toEqual([])
    expect(await codesOf(aged(3_600))).toEqual([])
  })

  it('is more than the batching window', async () => {
    expect(await findingOf(aged(60, { MaximumBatchingWindowInSeconds: 60 }))).toMatch(
      /^ML_CHECK_RECORD_AGE: .* age of 60 s .* wait 60 s for their batch/,
    )
  })

  it('is more than the function waits between its attempts', async () => {
    const waiting = { needs: { attempts: 7, intervalMs: 1_000 }, function: timeout(30) }
    // 1, 2, 4, 8, 16 and 30 s.
    expect(await findingOf({ ...aged(61), ...waiting })).toMatch(/^ML_CHECK_RECORD_AGE: .*waits 61 s between its 7 /)
    expect(await codesOf({ ...aged(62), ...waiting })).toEqual([])
  })

  it('is none where the function keeps records until they are mended', async () => {
    expect(await findingOf({ ...aged(604_800), needs: { keeps: true } })).toMatch(/^ML_CHECK_RECORD_AGE: .*mended/)
  })

  it('is a doubt where one delivery may take as long', async () => {
    expect(await codesOf(aged(71, { MaximumBatchingWindowInSeconds: 10 }))).toEqual([])
    expect(await findingOf(aged(70, { MaximumBatchingWindowInSeconds: 10 }))).toMatch(
      /^ML_CHECK_RECORD_AGE_SHORT: .* one delivery may take 70 s/,
    )
  })
})

describe('The batching window [P-25]', () => {
  const waiting = (MaximumBatchingWindowInSeconds: number, Metrics = ['KafkaMetrics']) => ({
    mapping: { MaximumBatchingWindowInSeconds, MetricsConfig: { Metrics } },
  })

  it('ends, with what a batch may take, before the stall alarm sounds', async () => {
    expect(await codesOf(waiting(239))).toEqual([])
    expect(await findingOf(waiting(240))).toMatch(/^ML_CHECK_WINDOW: .* wait 240 s .* take 60 s .* sounds after 300 s/)
  })

  it('is as long as anyone likes where there is no such alarm, or a later one', async () => {
    expect(await codesOf(waiting(300, []))).toEqual([])
    expect(await codesOf({ ...waiting(300), settings: { alarms: { stall: false } } })).toEqual([])
    expect(await codesOf({ ...waiting(300), settings: { alarms: { stall: { stallSeconds: 420 } } } })).toEqual([])
  })
})
