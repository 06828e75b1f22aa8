import { describe, expect, it, vi } from 'vitest'
import type { KafkaEvent, WireRecord } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import { effectiveConfig } from './check.js'
import type { MappingConfig } from './config.js'
import { type Attempt, type Delivery, deliverBatch } from './deliver.js'
import type { Discard } from './discard.js'
import { type Records, recordsOf } from './event.js'
import { config, crash, ok, report } from './mapping.fixture.js'
import { type EsmSwitches, readSwitches } from './switches.js'

const record = (partition: number, offset: number): WireRecord => ({
  topic: 'orders',
  partition,
  offset,
  timestamp: 1000,
  timestampType: 'CREATE_TIME',
  headers: [],
})

const batch: Records = {
  'orders-0': [0, 1, 2, 3, 4].map((offset) => record(0, offset)),
  'orders-1': [0, 1, 2].map((offset) => record(1, offset)),
}

const idsOf = (list: readonly WireRecord[]) => list.map(({ partition, offset }) => `${partition}:${offset}`).join(' ')

interface Outcome {
  readonly attempts: Attempt[]
  readonly discards: Discard[]
  /** The records of each delivery. */
  readonly deliveries: string[]
  readonly progress: string[]
}

/** Delivers the batch to a function that fails where its event has one of these records, or answers as told. */
async function deliver(
  poison: readonly string[],
  changes: Partial<MappingConfig>,
  switches: Partial<EsmSwitches> = {},
  answer: (event: KafkaEvent, bad: WireRecord[]) => InvokeResult = () => crash,
  others: Partial<Delivery> = {},
  taken: Records = batch,
): Promise<Outcome> {
  const outcome: Outcome = { attempts: [], discards: [], deliveries: [], progress: [] }
  const all = readSwitches(switches)
  const delivery: Delivery = {
    config: effectiveConfig(config({ bisect: true, ...changes }), all, () => undefined),
    envelope: { eventSource: 'SelfManagedKafka', bootstrapServers: 'b' },
    switches: all,
    poller: 'p',
    destination: undefined,
    beforeInvoke: () => undefined,
    invoke: async (event) => {
      const bad = recordsOf(event.records).filter((one) => poison.includes(idsOf([one])))
      return bad.length > 0 ? answer(event, bad) : ok()
    },
    backoffMs: () => 0,
    now: () => 1000,
    pause: async () => true,
    owned: () => true,
    onProgress: async (left) => void outcome.progress.push(left.map((one) => idsOf(recordsOf(one))).join(' | ')),
    onError: () => undefined,
    onAttempt: (attempt) => {
      outcome.attempts.push(attempt)
      outcome.deliveries.push(idsOf(recordsOf(attempt.event.records)))
    },
    onDiscard: (discard) => void outcome.discards.push(discard),
    ...others,
  }
  expect(await deliverBatch(delivery, 1, taken)).toBe(others.pause === undefined)
  return outcome
}

const discarded = ({ discards }: Outcome) =>
  discards.map((one) => [idsOf(one.records), one.condition, one.approximateInvokeCount])

describe('bisecting', () => {
  it('splits a batch that failed in two, in its order, until the culprit is alone', async () => {
    const outcome = await deliver(['0:1'], { maximumRetryAttempts: 1 })
    expect(outcome.deliveries).toEqual([
      '0:0 0:1 0:2 0:3 0:4 1:0 1:1 1:2',
      '0:0 0:1 0:2 0:3',
      '0:0 0:1',
      '0:0',
      '0:1',
      '0:1',
      '0:2 0:3',
      '0:4 1:0 1:1 1:2',
    ])
    expect(outcome.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(discarded(outcome)).toEqual([['0:1', 'RetryAttemptsExhausted', 5]])
  })

  it.each([
    [false, ['0:1', '1:2'], 13],
    [true, ['0:0 0:1 0:2 0:3', '0:4 1:0 1:1 1:2'], 3],
  ] as const)('spends retries on splitting: %s, as the switch says', async (bisectConsumesRetries, lost, deliveries) => {
    const switches = { bisectConsumesRetries, bisectReports: 'per-part' } as const
    const outcome = await deliver(['0:1', '1:2'], { maximumRetryAttempts: 1 }, switches)
    expect(discarded(outcome).map(([ids]) => ids)).toEqual(lost)
    expect(outcome.deliveries).toHaveLength(deliveries)
  })

  it.each([
    ['per-batch', [['0:1 1:2', 'RetryAttemptsExhausted', 4]]],
    [
      'per-part',
      [
        ['0:1', 'RetryAttemptsExhausted', 4],
        ['1:2', 'RetryAttemptsExhausted', 4],
      ],
    ],
  ] as const)('tells of what it gave up %s, as the switch says', async (bisectReports, expected) => {
    const outcome = await deliver(['0:1', '1:2'], { maximumRetryAttempts: 0 }, { bisectReports })
    expect(discarded(outcome)).toEqual(expected)
  })

  it('splits no batch whose answer is at fault, nor one that never reached the function', async () => {
    let calls = 0
    const strange = () => (++calls < 3 ? report(['orders-0', 99]) : ok())
    const outcome = await deliver(['0:1'], {}, {}, strange)
    expect(outcome.deliveries).toEqual(Array.from({ length: 3 }, () => '0:0 0:1 0:2 0:3 0:4 1:0 1:1 1:2'))
    calls = 0
    const unreached = await deliver(['0:1'], {}, {}, () => {
      if (++calls < 3) throw new Error('throttled')
      return ok()
    })
    expect(new Set(unreached.deliveries).size).toBe(1)
  })

  it.each([
    ['remainder', ['0:1 0:2 0:3 0:4']],
    ['split', ['0:1 0:2', '0:1', '0:1', '0:2', '0:3 0:4']],
  ] as const)('delivers what a partial response reported as %s, as the switch says', async (bisectAfterReport, again) => {
    const reported = (_: KafkaEvent, bad: WireRecord[]) =>
      report(...bad.map(({ partition, offset }): [string, number] => [`orders-${partition}`, offset]))
    const outcome = await deliver(['0:1'], { maximumRetryAttempts: 1 }, { bisectAfterReport }, reported)
    expect(outcome.deliveries.slice(1)).toEqual(again)
    expect(outcome.discards).toHaveLength(1)
  })

  it('goes on with no other part once it is stopped, were the last one settled', async () => {
    const stopped = { pause: vi.fn<Delivery['pause']>().mockResolvedValueOnce(true).mockResolvedValue(false) }
    const outcome = await deliver(['1:2'], {}, {}, undefined, stopped)
    expect(outcome.deliveries).toEqual(['0:0 0:1 0:2 0:3 0:4 1:0 1:1 1:2', '0:0 0:1 0:2 0:3'])
  })

  it('tells of what expired by offset, for timestamps need not rise as offsets do', async () => {
    const now = vi.fn().mockReturnValue(0)
    const swapped: Records = { 'orders-0': [{ ...record(0, 0), timestamp: 3000 }, record(0, 1)] }
    const outcome = await deliver(
      ['0:0', '0:1'],
      { maximumRecordAgeSeconds: 60 },
      {},
      (_, bad) => {
        now.mockReturnValue(bad.length > 1 ? 62_000 : 64_000)
        if (bad.length > 1) throw new Error('throttled')
        return crash
      },
      { now },
      swapped,
    )
    expect(discarded(outcome)).toEqual([['0:0 0:1', 'RecordAgeExceeded', 1]])
  })

  it('tells what is left while it goes on, what was given up and waits for the batch included', async () => {
    const { progress } = await deliver(['0:0'], { maximumRetryAttempts: 0 })
    expect(progress).toEqual([
      '0:0 0:1 0:2 0:3 | 0:4 1:0 1:1 1:2',
      '0:0 0:1 | 0:2 0:3 | 0:4 1:0 1:1 1:2',
      '0:0 | 0:1 | 0:2 0:3 | 0:4 1:0 1:1 1:2',
      '0:1 | 0:2 0:3 | 0:4 1:0 1:1 1:2 | 0:0',
      '0:2 0:3 | 0:4 1:0 1:1 1:2 | 0:0',
      '0:4 1:0 1:1 1:2 | 0:0',
    ])
  })
})

describe('retries', () => {
  const capped = (changes: Partial<MappingConfig>, switches: Partial<EsmSwitches> = {}) =>
    effectiveConfig(config(changes), readSwitches(switches), () => undefined).maximumRetryAttempts
  const onFailureDestination = 'arn:aws:sqs:us-east-1:1:q'

  it('are endless, but 10 where a destination waits; a number that was given stays, or not, as the switch says', () => {
    expect(capped({})).toBe(-1)
    expect(capped({ onFailureDestination })).toBe(10)
    expect(capped({ onFailureDestination, provisioned: false, partialResponses: false })).toBe(10)
    expect(capped({ onFailureDestination, maximumRetryAttempts: 50 })).toBe(50)
    expect(capped({ onFailureDestination, maximumRetryAttempts: 50 }, { retryCap: 'always' })).toBe(10)
    expect(capped({ onFailureDestination, maximumRetryAttempts: 3 }, { retryCap: 'always' })).toBe(3)
  })

  it.each([
    ['MaximumRetryAttempts', { maximumRetryAttempts: 3 }],
    ['MaximumRecordAgeInSeconds', { maximumRecordAgeSeconds: 60 }],
    ['BisectBatchOnFunctionError', { bisect: true }],
    ['ReportBatchItemFailures', { partialResponses: true }],
  ])('without provisioned mode: %s is off and said to be, or refused, as the switch says', (name, changes) => {
    const lines: string[] = []
    const given = config({ partialResponses: false, ...changes, provisioned: false })
    expect(effectiveConfig(given, readSwitches(), (line) => lines.push(line))).toMatchObject({
      maximumRetryAttempts: -1,
      maximumRecordAgeSeconds: -1,
      bisect: false,
      partialResponses: false,
    })
    expect(lines).toEqual([`${name} needs a ProvisionedPollerConfig; without it, it is off`])
    const refuse = () => effectiveConfig(given, readSwitches({ unprovisioned: 'refuse' }), () => undefined)
    expect(refuse).toThrow(/^ML_LOCAL_MAPPING_UNSUPPORTED: .*needs a ProvisionedPollerConfig/)
  })
})
