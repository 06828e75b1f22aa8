import { afterAll, beforeAll, expect, it } from 'vitest'
import { MillraceError } from '../errors.js'
import { classify, drop, fallback, hold, type Outcome, ok, retry } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { policyOf, recordsOf, unsettledOf, World } from './engine.fixture.js'
import type { Atomicity, Failed } from './engine.js'
import type { Order } from './lanes.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

const failed = (error: Error, stage: Failed['stage'] = 'process'): Failed => ({ status: 'failed', stage, error })
const http = (status: number) => failed(Object.assign(new Error('answered'), { status }))

/** What becomes of a record whose first run ends so, and any other run ok: its runs (attempt, held before), and its envelope's rule. */
const outcomes: Record<string, readonly [first: () => Outcome | Failed, runs: readonly string[], rule?: string]> = {
  ok: [() => ok(), ['1 0']],
  drop: [() => drop('no use'), ['1 0']],
  retry: [() => retry('not now'), ['1 0', '2 0']],
  hold: [() => hold({ reason: 'early', forMs: 1_000 }), ['1 0', '1 1']],
  fallback: [() => fallback('hopeless'), ['1 0'], 'outcome'],
  'a time-out': [() => failed(new DOMException('late', 'TimeoutError') as Error), ['1 0', '2 0']],
  'HTTP 503': [() => http(503), ['1 0', '2 0']],
  'HTTP 404': [() => http(404), ['1 0'], 'rejected'],
  'a defect': [() => failed(new TypeError('undefined')), ['1 0', '2 0']],
  'undecodable bytes': [() => failed(new MillraceError('ML_DECODE_JSON', 'no JSON'), 'decode'), ['1 0'], 'undecodable'],
  'an invalid value': [() => failed(new MillraceError('ML_RECORD_INVALID', 'no'), 'validate'), ['1 0'], 'invalid'],
}

const orders: readonly Order[] = ['partition', 'key', 'none']
const atomicities: readonly Atomicity[] = ['record', 'partition', 'batch']
const redeliveries = ['from the lowest reported on', 'only what was reported'] as const
const all = orders.flatMap((order) =>
  atomicities.flatMap((atomicity) => redeliveries.map((redelivery) => [order, atomicity, redelivery] as const)),
)

it.each(
  all,
)('each outcome does what it says, ordered by %s, atomicity %s, redelivered %s [K-08] [K-09] [K-10 partly] [K-14] [P-06]', async (order, atomicity, redelivery) => {
  for (const [name, [first, runs, rule]] of Object.entries(outcomes)) {
    const world = new World(deployment)
    const ran: { readonly offset: number; readonly run: string; readonly at: number; readonly isLast: boolean }[] = []
    const one = world.environment({
      ...{ order, atomicity, concurrency: 1 },
      policy: policyOf({}, { classify }),
      handle({ offset }, { attempt, held }) {
        const isFirst = offset === 1 && !ran.some((other) => other.offset === 1)
        const result = isFirst ? first() : ok()
        ran.push({ offset, run: `${attempt} ${held}`, at: world.clock.now(), isLast: !isFirst || runs.length === 1 })
        return result
      },
    })
    // 1 and 3 are of one key, 0 and 2 of another.
    const records = recordsOf(0, 3, (offset) => `k${offset % 2}`)
    let due = records
    for (let deliveries = 0; due.length > 0 && deliveries < 6; deliveries++) {
      const left = unsettledOf(await one.deliver(due))
      const lowest = Math.min(...left)
      due = records.filter(({ offset = 0 }) =>
        redelivery.startsWith('only') ? left.includes(offset) : offset >= lowest,
      )
      world.clock.advance(400)
    }
    expect([name, await world.failures()]).toEqual([name, rule === undefined ? [] : [[1, rule]]])
    expect((await world.state()).settled).toMatchObject([{ from: 0, to: 3 }])
    expect([name, ran.flatMap(({ offset, run }) => (offset === 1 ? [run] : []))]).toEqual([name, runs])
    // What follows in its lane ran, the last time, behind it; a lane of its own need not wait.
    const last = (offset: number) => ran.findLastIndex((one) => one.offset === offset && one.isLast)
    const behind = order === 'partition' ? [2, 3] : order === 'key' ? [3] : []
    for (const offset of behind) expect([name, last(offset) > last(1)]).toEqual([name, true])
    if (order === 'none' && atomicity === 'record')
      expect([name, ran.filter(({ offset }) => offset === 2).length]).toEqual([name, 1])
    const times = ran.flatMap(({ offset, at }) => (offset === 1 ? [at] : []))
    if (name === 'hold') expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000)
  }
})
