import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fallback, hold, type Outcome, ok, retry } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { type EnvironmentOptions, policyOf, recordsOf, unsettledOf, World } from './engine.fixture.js'
import type { Run } from './engine.js'
import type { RetryPolicy } from './policy.js'
import { delayMs } from './schedule.js'

let deployment: TestDeployment
let world: World
let ran: string[]
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
  ran = []
})

const begin = 1_800_000_000_000
/** An invocation of 30 s, of which the last 2 are kept. */
const timed = () => {
  const end = world.clock.now() + 30_000
  return { remainingMs: () => end - world.clock.now(), reserveMs: 2_000 }
}
const schedule = { intervalMs: 1_000, factor: 2, capMs: 3_000 } as const

/** Notes each run: offset, attempt, how often held, and when. */
function environment(handle: (offset: number, run: Run) => Outcome, options: EnvironmentOptions = {}) {
  return world.environment({
    concurrency: 1,
    policy: policyOf({ attempts: 4, ...schedule }),
    handle({ offset }, run) {
      ran.push(`${offset}: ${run.attempt}.${run.held} at ${world.clock.now() - begin}`)
      return handle(offset, run)
    },
    ...options,
  })
}
const failing = (offset: number) => (offset === 0 ? retry('no') : ok())

describe('the schedule of retries', () => {
  const policy = { ...policyOf().retry, intervalMs: 200, factor: 2, capMs: 1_000 }

  it('grows by its factor up to its cap, with full jitter from nothing to all of it [K-08]', () => {
    expect([1, 2, 3, 4, 5_000].map((failures) => delayMs(policy, failures, 0))).toEqual([200, 400, 800, 1_000, 1_000])
    const jittered: RetryPolicy = { ...policy, jitter: 'full' }
    expect([0, 0.5, 0.999].map((random) => delayMs(jittered, 3, random))).toEqual([0, 400, 800])
    expect(delayMs({ ...policy, intervalMs: 0 }, 10_000, 0.5)).toBe(0)
  })

  it('is waited for inside the invocation, while other lanes go on, though one runs at a time [K-08]', async () => {
    const one = environment(failing)
    expect(unsettledOf(await one.deliver(recordsOf(0, 2), timed()))).toEqual([])
    expect(ran).toEqual([
      // Who sleeps moves this clock on for all.
      ...['0: 1.0 at 0', '1: 1.0 at 1000', '2: 1.0 at 1000'],
      ...['0: 2.0 at 1000', '0: 3.0 at 3000', '0: 4.0 at 6000'],
    ])
    expect(await world.failures()).toEqual([[0, 'exhausted']])
    expect(one.logged.map(({ message, fields }) => [message, fields.attempt, fields.rule])).toEqual([
      ...[1, 2, 3].map((attempt) => ['retry', attempt, 'outcome']),
      ['fallback', 4, 'exhausted'],
    ])
    expect(one.logged.at(-1)?.fields).toMatchObject({ offset: 0, stage: 'process', cause: 'outcome', reason: 'no' })
  })

  it('goes on in a later delivery, from what the ledger has, and ends with the age of the record', async () => {
    const policy = policyOf({ attempts: 9, intervalMs: 20_000, maxAgeMs: 50_000 })
    const one = environment(failing, { policy })
    // The second wait is beyond the invocation's time: it is left, and the next delivery lasts until it is due.
    for (let i = 0; i < 3; i++) await one.deliver(recordsOf(0, 0), timed())
    expect(ran).toEqual(['0: 1.0 at 0', '0: 2.0 at 20000', '0: 3.0 at 50000'])
    expect(await world.failures()).toEqual([[0, 'exhausted']])
  })

  it('survives crashes: no failure is forgotten, so a record runs no more than its attempts [P-03]', async () => {
    let deaths = 0
    for (let i = 0; i < 8; i++) {
      const one = environment((offset) => {
        // Each process dies after the failure of 0 is recorded, as another record runs.
        if (offset === 1 && deaths++ < 2) void one.die()
        return failing(offset)
      })
      const processed = await one.deliver(recordsOf(0, 1), timed())
      world.clock.advance(10_000)
      if (processed !== 'died' && unsettledOf(processed).length === 0) break
    }
    expect(ran.filter((run) => run.startsWith('0:')).length).toBeLessThanOrEqual(6)
    expect(await world.failures()).toEqual([[0, 'exhausted']])
  })

  it('records a failure before the record runs again', async () => {
    const seen: Promise<number | undefined>[] = []
    const one = environment((offset, { attempt }) => {
      if (attempt > 1) seen.push(world.state().then(({ open }) => open[0]?.attempts))
      return failing(offset)
    })
    await one.deliver(recordsOf(0, 0), timed())
    expect((await Promise.all(seen)).map((attempts, i) => (attempts ?? 9) > i)).toEqual([true, true, true])
  })
})

describe('what becomes of what is exhausted', () => {
  const spent = (onExhausted: RetryPolicy['onExhausted']) => policyOf({ attempts: 2, onExhausted })

  it('is dropped, settled and logged, if the policy says so [K-08]', async () => {
    const one = environment(failing, { policy: spent('drop') })
    for (let i = 0; i < 2; i++) await one.deliver(recordsOf(0, 1))
    expect([(await world.state()).settled, await world.failures()]).toMatchObject([[{ from: 0, to: 1 }], []])
    expect(one.logged.at(-1)).toMatchObject({
      message: 'drop',
      fields: { rule: 'exhausted', attempt: 2, stage: 'process' },
    })
  })

  it('is retried without end, and knows no last attempt', async () => {
    const last: boolean[] = []
    const one = environment(
      (offset, run) => {
        last.push(run.lastAttempt)
        return failing(offset)
      },
      { policy: spent('retry') },
    )
    for (let i = 0; i < 5; i++) expect(unsettledOf(await one.deliver(recordsOf(0, 0)))).toEqual([0])
    expect([ran.at(-1), last.includes(true)]).toEqual(['0: 5.0 at 0', false])
  })

  it('stays and fails the invocation: all else is settled, and each delivery tries it once', async () => {
    const one = environment((offset) => (ran.length > 4 ? ok() : failing(offset)), {
      policy: spent('fail'),
      order: 'partition',
    })
    const failed = async () => {
      const processed = await one.deliver(recordsOf(0, 1))
      return processed === 'died' ? [] : processed.failed.map(({ rule, record }) => [record.offset, rule])
    }
    expect([await failed(), await failed(), await failed(), await failed(), await failed()]).toEqual([
      [],
      ...[1, 2, 3].map(() => [[0, 'exhausted']]),
      [],
    ])
    // 1 waited behind it all the time.
    expect(ran.map((run) => run[0])).toEqual(['0', '0', '0', '0', '0', '1'])
  })

  it.each(['drop', 'fail'] as const)('poison goes the way of its stage: %s', async (action) => {
    const rejected = { status: 'failed', stage: 'decode', error: new Error('no JSON') } as const
    const poison = { decode: action, validate: 'fallback', process: action, sink: 'fallback' } as const
    const one = world.environment({
      policy: policyOf({}, { poison, classify: () => ({ status: 'fallback', rule: 'rejected' }) }),
      handle: ({ offset }) =>
        offset === 0
          ? rejected
          : offset === 1
            ? { ...rejected, stage: 'process' }
            : offset === 2
              ? fallback('mine')
              : ok(),
    })
    const processed = await one.deliver(recordsOf(0, 3))
    expect(unsettledOf(processed)).toEqual(action === 'drop' ? [] : [0, 1])
    // What the handler itself answers is done.
    expect(await world.failures()).toEqual([[2, 'outcome']])
    expect(processed).toMatchObject({
      failed: action === 'drop' ? [] : [{ rule: 'undecodable' }, { rule: 'rejected' }],
    })
  })
})

describe('a held record', () => {
  const early = (offset: number) =>
    offset === 0 && world.clock.now() < begin + 40_000 ? hold({ reason: 'early', until: begin + 40_000 }) : ok()

  it('waits with its lane over deliveries, runs once it is due, and spends no attempt [K-10 partly] (PEERS, defect 12)', async () => {
    const one = environment(early, { order: 'key', leaseMs: 100_000 })
    const records = recordsOf(0, 3, (offset) => `k${offset % 2}`)
    expect(unsettledOf(await one.deliver(records, timed()))).toEqual([0, 2])
    // Delivered before it is due, it is not run, and the invocation lasts: to its reserve, for it cannot reach it.
    const calls = one.engine.ledger.usage.calls
    expect(unsettledOf(await one.deliver(records, timed()))).toEqual([0, 2])
    expect([world.clock.now() - begin, one.engine.ledger.usage.calls - calls]).toEqual([28_000, 2])
    expect(unsettledOf(await one.deliver(records, timed()))).toEqual([])
    expect(ran).toEqual(['0: 1.0 at 0', '1: 1.0 at 0', '3: 1.0 at 0', '0: 1.1 at 40000', '2: 1.0 at 40000'])
    expect(one.logged.find(({ message }) => message === 'hold')?.fields).toMatchObject({
      ...{ offset: 0, attempt: 0, stage: 'process', rule: 'outcome', reason: 'early', holds: 1 },
    })
  })

  it.each([
    [3, undefined],
    [9, 3],
  ])('is exhausted once it was held too often: %s by the option, %s by the outcome [K-10 partly]', async (most, own) => {
    const policy = policyOf({}, { hold: { maxDeliveries: most } })
    const held = hold({ reason: 'early', forMs: 100, ...(own !== undefined && { maxDeliveries: own }) })
    const one = environment(() => held, { policy })
    expect(unsettledOf(await one.deliver(recordsOf(0, 0), timed()))).toEqual([])
    expect(ran).toEqual([0, 1, 2, 3].map((n) => `0: 1.${n} at ${n * 100}`))
    expect(await world.failures()).toEqual([[0, 'held too often']])
  })

  it('waits for nothing where time has no end: a unit test is told at once', async () => {
    const one = environment((offset) => (offset === 0 ? hold({ reason: 'early', forMs: 1_000 }) : retry('no')))
    for (let i = 0; i < 2; i++) expect(unsettledOf(await one.deliver(recordsOf(0, 1)))).toEqual([0, 1])
    expect([ran, world.clock.now()]).toEqual([['0: 1.0 at 0', '1: 1.0 at 0', '1: 2.0 at 0'], begin])
  })

  it('is exhausted at once where nothing comes again: at most once', async () => {
    const one = environment(() => hold({ reason: 'early', forMs: 1 }), { delivery: 'at-most-once' })
    expect(unsettledOf(await one.deliver(recordsOf(0, 0), timed()))).toEqual([])
    expect(await world.failures()).toEqual([[0, 'held too often']])
    expect(one.logged.at(-1)?.fields.reason).toBe('nothing is held where each record runs at most once: early')
  })
})

it('a run that timed out and goes on is not run beside itself', async () => {
  let runs = 0
  const one = environment(() => ok(), {
    recordTimeoutMs: 500,
    handle: () => (runs++ === 0 ? new Promise(() => world.clock.advance(500)) : ok()),
  })
  expect(unsettledOf(await one.deliver(recordsOf(0, 0), timed()))).toEqual([0])
  expect(runs).toBe(1)
})

it('a batch handler’s retry behind another of its lane has only waited, and spends no attempt', async () => {
  const attempts: number[][] = []
  const one = environment(() => ok(), {
    order: 'partition',
    policy: policyOf({ attempts: 9 }),
    handleAll: async (runs) => {
      attempts.push(runs.map(({ run }) => run.attempt))
      return runs.map(() => (attempts.length < 3 ? retry('no') : ok()))
    },
  })
  for (let i = 0; i < 3; i++) await one.deliver(recordsOf(0, 2))
  expect(attempts).toEqual([
    [1, 1, 1],
    [2, 1, 1],
    [3, 1, 1],
  ])
})

it('what a fallback that is down has not acknowledged is tried ever more rarely, not without a pause [K-09 partly]', async () => {
  const fallbackOf = world.environment().engine.fallback
  const write: typeof fallbackOf.write = (failures, signal) =>
    world.clock.now() < begin + 600_000 ? Promise.reject(new Error('down')) : fallbackOf.write(failures, signal)
  const one = environment(() => fallback('no'), {
    fallback: { ...fallbackOf, write },
    policy: policyOf({ intervalMs: 200 }),
  })
  let deliveries = 1
  while (deliveries < 100 && unsettledOf(await one.deliver(recordsOf(0, 0), timed())).length > 0) deliveries++
  expect([deliveries < 40, ran]).toEqual([true, ['0: 1.0 at 0']])
  expect(await world.failures()).toEqual([[0, 'given up']])
})

it('failures are recorded at once, and then ever more rarely: few hold up no batch, many share writes', async () => {
  const one = environment((_offset, { held }) => (held < 9 ? hold({ reason: 'soon', forMs: 0 }) : ok()))
  expect(unsettledOf(await one.deliver(recordsOf(0, 0), timed()))).toEqual([])
  const times = ran.map((run) => Number(run.split(' at ')[1]))
  expect(times).toEqual([0, 0, 5, 15, 35, 75, 155, 255, 355, 455])
})

it('a source partition where nothing has failed costs one claim and one settle, however often others are retried [P-24]', async () => {
  const swapped: string[] = []
  const one = environment((offset, { attempt }) => (offset === 0 && attempt < 4 ? retry('no') : ok()), {
    policy: policyOf({ attempts: 4, intervalMs: 100 }),
    through: (store) => ({
      ...store,
      swap: (swaps) => {
        swapped.push(...swaps.map(({ key }) => key.pk))
        return store.swap(swaps)
      },
    }),
  })
  const records = [...recordsOf(0, 1), ...recordsOf(5, 6).map((record) => ({ ...record, partition: 1 }))]
  expect(unsettledOf(await one.deliver(records, timed()))).toEqual([])
  const of = (partition: number) => swapped.filter((pk) => pk.endsWith(`#${partition}`)).length
  expect([of(0), of(1)]).toEqual([5, 2])
})

it('what the fallback has, and waits for others to be settled with, does not end the waiting for those', async () => {
  const outcomeOf = (offset: number) => (offset === 0 ? fallback('no') : hold({ reason: 'later', forMs: 60_000 }))
  const one = environment(outcomeOf, { atomicity: 'partition' })
  expect(unsettledOf(await one.deliver(recordsOf(0, 1), timed()))).toEqual([0, 1])
  const second = world.clock.now()
  expect(unsettledOf(await one.deliver(recordsOf(0, 1), timed()))).toEqual([0, 1])
  expect(world.clock.now() - second).toBe(28_000)
})
