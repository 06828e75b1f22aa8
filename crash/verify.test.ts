import { describe, expect, it } from 'vitest'
import type { LedgerState } from '../lib/ledger/index.js'
import { type Produced, seededRandom } from '../start/orders/index.js'
import { orderSource } from './load.js'
import { readCrashOptions } from './options.js'
import { type Facts, verify } from './verify.js'

const produced: readonly Produced[] = orderSource(
  seededRandom(1),
  1,
)(5).map((record, offset) => ({
  ...record,
  offset,
  timestamp: 1_000,
}))
const orders = produced.flatMap(({ fate }) => fate.order ?? [])
const settled: LedgerState = {
  settled: [{ from: 0, to: 4, anchors: [] }],
  open: [],
  pending: [],
  crashed: null,
  suspect: null,
  reported: [],
  delivered: 4,
  newest: 1_000,
  claim: null,
  left: -1,
  born: 0,
  foreign: [],
}

function soundFacts(): Facts {
  const balances = new Map<string, number>()
  for (const { customerId, cents } of orders) balances.set(customerId, (balances.get(customerId) ?? 0) + cents)
  return {
    topic: 'orders',
    produced,
    effects: new Map(orders.map(({ orderId, cents }) => [orderId, { effects: 1, cents }])),
    balances,
    applied: [orders.map(({ orderId }) => orderId)],
    failures: [],
    ledger: new Map([[0, settled]]),
    lag: new Map([[0, 0]]),
    elapsedMs: 1_000,
    wanted: 2,
    kills: 2,
    deaths: [
      { signal: 'SIGKILL', claims: 4 },
      { signal: 'SIGKILL', claims: 0 },
    ],
  }
}

const [order] = orders
const [record] = produced
if (order === undefined || record === undefined) throw new Error('there are orders')
const { key, value, timestamp } = record
const envelope = { topic: 'orders', partition: 0, offset: 0, timestamp, key, value, headers: [], attempts: 0 }
const effectsWithout = new Map([...soundFacts().effects].slice(1))
const balancesWith = (cents: number) =>
  new Map([...soundFacts().balances]).set(order.customerId, (soundFacts().balances.get(order.customerId) ?? 0) + cents)
/** The first orders had no effect. */
function withoutEffects(count: number): Pick<Facts, 'effects' | 'balances'> {
  const { effects, balances } = soundFacts()
  const left = new Map(balances)
  for (const { customerId, cents } of orders.slice(0, count)) left.set(customerId, (left.get(customerId) ?? 0) - cents)
  return { effects: new Map([...effects].slice(count)), balances: left }
}
const allInClaims = (kills: number) => Array.from({ length: kills }, () => ({ signal: 'SIGKILL', claims: 1 }))
const failedChecks = (facts: Facts) => verify(facts).checks.flatMap(({ name, ok }) => (ok ? [] : [name]))

describe('the verifier of the crash test', () => {
  it('finds nothing wrong in a sound run, and counts it', () => {
    const { checks, ...figures } = verify(soundFacts())
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(figures).toEqual({
      kills: 2,
      killsInInvocation: 2,
      killsInClaim: 1,
      produced: 5,
      settled: 5,
      duplicateEffects: 0,
      convicted: 0,
      lost: 0,
    })
  })

  it('takes a record that chance has convicted for accounted for, without an effect', () => {
    const facts: Facts = {
      ...soundFacts(),
      effects: effectsWithout,
      balances: balancesWith(-order.cents),
      failures: [{ ...envelope, stage: 'process', rule: 'convicted' }],
    }
    expect(failedChecks(facts)).toEqual([])
    expect(verify(facts)).toMatchObject({ convicted: 1, lost: 0, settled: 4 })
    expect(failedChecks({ ...facts, effects: soundFacts().effects })).toEqual(['effects'])
  })

  it('sees convictions that chance does not account for: two deaths take a record, so two kills take one', () => {
    const convicted = (count: number): Facts => ({
      ...soundFacts(),
      ...withoutEffects(count),
      failures: produced.slice(0, count).map(({ key, value, timestamp, offset }) => ({
        ...envelope,
        ...{ key, value, timestamp, offset, stage: 'process', rule: 'convicted' },
      })),
    })
    expect(failedChecks(convicted(1))).toEqual([])
    expect(failedChecks(convicted(2))).toEqual(['convictions'])
    expect(failedChecks(convicted(produced.length))).toEqual(['convictions'])
    expect(failedChecks({ ...convicted(2), wanted: 4, kills: 4, deaths: allInClaims(4) })).toEqual([])
    expect(failedChecks({ ...convicted(2), wanted: 3, kills: 3, deaths: allInClaims(3) })).toEqual(['convictions'])
  })

  it.each<[what: string, failing: readonly string[], change: Partial<Facts>]>([
    ['an effect that is missing', ['effects', 'balances'], { effects: effectsWithout, balances: balancesWith(-1) }],
    ['a cent too many', ['balances'], { balances: balancesWith(1) }],
    [
      'an effect that came twice',
      ['second effects', 'order'],
      {
        effects: new Map(soundFacts().effects).set(order.orderId, { effects: 2, cents: 2 * order.cents }),
        applied: [...soundFacts().applied, [order.orderId]],
      },
    ],
    ['another envelope', ['failures'], { failures: [{ ...envelope, stage: 'process', rule: 'exhausted' }] }],
    ['an offset that is not settled', ['ledger'], { ledger: new Map() }],
    ['a group that is behind', ['lag'], { lag: new Map([[0, 1]]) }],
    ['a kill too few', ['kills'], { kills: 1 }],
    ['kills that hit nobody at work', ['kills'], { deaths: [] }],
    ['a death of another cause', ['kills'], { deaths: [...soundFacts().deaths, { signal: null, claims: 1 }] }],
  ])('sees %s: %j', (_, failing, change) => {
    expect(failedChecks({ ...soundFacts(), ...change })).toEqual(failing)
  })

  it('counts what has neither effect nor envelope as lost', () => {
    expect(verify({ ...soundFacts(), effects: effectsWithout }).lost).toBe(1)
  })
})

describe("the crash test's command line", () => {
  it('takes nothing, --json, --kills and --seed', () => {
    expect(readCrashOptions([], () => 9)).toEqual({ json: false, kills: 200, seed: 9 })
    expect(readCrashOptions(['--json', '--kills', '8', '--seed', '0'], () => 9)).toEqual({
      json: true,
      kills: 8,
      seed: 0,
    })
  })

  it.each([
    ['--kills', '0'],
    ['--kills', 'x'],
    ['--seed', ''],
    ['--seed', '1.5'],
    ['--all'],
  ])('refuses %s %s', (...args) => {
    expect(() => readCrashOptions(args, () => 9)).toThrow(/ML_USAGE: .*npm run crash -- /)
  })
})
