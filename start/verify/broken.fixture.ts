import type { Run } from '../history/index.js'
import { decisionOf, runOf, withLedger } from './facts.fixture.js'
import type { Effect, Facts, KeptFailure, Kill, Mending, Redelivery } from './facts.js'

export const withEffect =
  (orderId: string, effect: Effect | undefined) =>
  (facts: Facts): Facts => {
    const effects = new Map(facts.effects)
    if (effect === undefined) effects.delete(orderId)
    else effects.set(orderId, effect)
    return { ...facts, effects }
  }
const withBalance =
  (customerId: string, cents: number) =>
  (facts: Facts): Facts => ({ ...facts, balances: new Map([...facts.balances, [customerId, cents]]) })
const withFailure =
  (change: Partial<KeptFailure>) =>
  (facts: Facts): Facts => ({
    ...facts,
    failures: facts.failures.map((one, i) => (i === 0 ? { ...one, ...change } : one)),
  })
const withRuns =
  (change: (runs: readonly Run[]) => readonly Run[]) =>
  (facts: Facts): Facts => ({
    ...facts,
    history: { ...facts.history, runs: change(facts.history.runs) },
  })
const withKill =
  (change: Partial<Kill>) =>
  (facts: Facts): Facts => ({
    ...facts,
    kill: facts.kill && { ...facts.kill, ...change },
  })
const withMending =
  (change: Partial<Mending>) =>
  (facts: Facts): Facts => ({ ...facts, mending: { ...facts.mending, ...change } })
const withRedelivery =
  (change: Partial<Redelivery>) =>
  (facts: Facts): Facts => ({
    ...facts,
    redelivery: facts.redelivery && { ...facts.redelivery, ...change },
  })
export const withoutDecision =
  (offset: number, decision: string) =>
  (facts: Facts): Facts => ({
    ...facts,
    history: {
      ...facts.history,
      decisions: facts.history.decisions.filter((one) => one.offset !== offset || one.decision !== decision),
    },
  })
const withCost =
  (change: object) =>
  (facts: Facts): Facts => ({
    ...facts,
    costs: {
      ...facts.costs,
      invocations: facts.costs.invocations.map((one, i) => (i === 1 ? { ...one, ...change } : one)),
    },
  })
const claim = { owner: 'o', leaseEnd: 1, inFlight: { from: 0, to: 1 }, marker: null }

/** What can be wrong with a sound run, and the checks that have to see it. */
export const broken: readonly (readonly [what: string, failing: readonly string[], change: (facts: Facts) => Facts])[] =
  [
    ['an order without its effect', ['accounting', 'effects'], withEffect('o6', undefined)],
    ['cents that do not add up', ['effects'], withEffect('o6', { effects: 1, cents: 105 })],
    [
      'an effect of an order that was given up',
      ['accounting', 'effects'],
      withEffect('o5', { effects: 1, cents: 105 }),
    ],
    ['an effect of an order that nobody produced', ['effects'], withEffect('nobody', { effects: 1, cents: 1 })],
    ['a decision to drop that is missing', ['accounting'], withoutDecision(4, 'drop')],
    ['a second effect in the killed batch', ['second effects'], withEffect('o1', { effects: 2, cents: 202 })],
    ['a balance that does not add up', ['balances'], withBalance('c', 410)],
    ['a balance that is missing', ['balances'], withBalance('c', 0)],
    ['no order that was held', ['holds'], withoutDecision(6, 'held')],
    [
      'an order that was held without a reason',
      ['holds'],
      (facts) => ({
        ...facts,
        history: { ...facts.history, decisions: [...facts.history.decisions, decisionOf(1, 'second', 'held')] },
      }),
    ],
    [
      'a run before the grace was over',
      ['holds'],
      withRuns((runs) => runs.map((run) => (run.offset === 6 ? { ...run, at: 6_005 } : run))),
    ],
    ['an order that was redriven and took no effect', ['mended'], withMending({ effects: new Map() })],
    ['an order that was redriven and took effect twice', ['mended'], withMending({ effects: new Map([['o5', 2]]) })],
    [
      'an order that nobody redrove',
      ['mended'],
      withMending({
        effects: new Map([
          ['o5', 1],
          ['o3', 1],
        ]),
      }),
    ],
    ['redriven cents that do not add up', ['mended'], withMending({ cents: new Map([['c', 104]]) })],
    ['redriven cents of somebody else', ['mended'], withMending({ cents: new Map([['d', 105]]) })],
    ['an envelope that was thrown away too many', ['mended'], withMending({ discarded: 2 })],
    ['an envelope that is left', ['mended'], withMending({ left: 1 })],
    ['a balance of nobody', ['balances'], withBalance('nobody', 1)],
    ['effects in another order', ['order'], (facts) => ({ ...facts, applied: [['o0'], ['o2'], ['o1'], ['o6']] })],
    ['an effect that came again', ['order'], (facts) => ({ ...facts, applied: [...facts.applied, ['o1']] })],
    ['a record given up that is not kept', ['failures'], (facts) => ({ ...facts, failures: facts.failures.slice(1) })],
    [
      'a good record among the failures',
      ['failures'],
      (facts) => ({
        ...facts,
        failures: [...facts.failures, { ...(facts.failures[0] as KeptFailure), offset: 6 }],
      }),
    ],
    ['another key', ['failures'], withFailure({ key: Buffer.alloc(0) })],
    ['another value', ['failures'], withFailure({ value: null })],
    ['a header less', ['failures'], withFailure({ headers: [['h', Buffer.from('1')]] })],
    [
      'headers in another order',
      ['failures'],
      withFailure({
        headers: [
          ['h', Buffer.from('2')],
          ['h', Buffer.from('1')],
        ],
      }),
    ],
    ['another topic', ['failures'], withFailure({ topic: 'other' })],
    ['another timestamp', ['failures'], withFailure({ timestamp: 1 })],
    ['another stage', ['failures'], withFailure({ stage: 'process' })],
    ['another rule', ['failures'], withFailure({ rule: 'invalid' })],
    ['another number of attempts', ['failures'], withFailure({ attempts: 1 })],
    [
      'an offset that is not settled',
      ['ledger'],
      (facts) =>
        withLedger(facts, {
          settled: [
            { from: 0, to: 2, anchors: [] },
            { from: 4, to: 6, anchors: [] },
          ],
        }),
    ],
    ['an item that is missing', ['ledger'], (facts) => ({ ...facts, ledger: new Map() })],
    ['a pending range that is left', ['ledger'], (facts) => withLedger(facts, { pending: [{ from: 7, to: 7 }] })],
    ['a claim that is left', ['ledger'], (facts) => withLedger(facts, { claim })],
    ['a crashed range that is left', ['ledger'], (facts) => withLedger(facts, { crashed: claim.inFlight })],
    ['a run before its turn', ['order'], withRuns((runs) => swapped(runs, 7, 8))],
    ['what ran behind a record to be retried, and not again', ['order'], withRuns((runs) => runs.slice(0, -1))],
    [
      'first runs in another order',
      ['order'],
      withRuns((runs) => runs.map((run) => (run.offset === 1 ? { ...run, seq: 1 } : run))),
    ],
    ['a rerun without a reason', ['runs'], withRuns((runs) => [...runs, runOf(6, 'sixth')])],
    ['a rerun of what the killed process had settled', ['runs'], withRuns((runs) => [...runs, runOf(0, 'sixth')])],
    [
      'an attempt that does not count its failures',
      ['runs'],
      withRuns((runs) => runs.map((run) => ({ ...run, attempt: 1 }))),
    ],
    [
      'a run of an order that lies elsewhere',
      ['runs'],
      withRuns((runs) => runs.map((run) => (run.offset === 6 ? { ...run, orderId: 'x' } : run))),
    ],
    ['an order that never ran', ['runs'], withRuns((runs) => runs.filter(({ offset }) => offset !== 6))],
    ['a retry decision that nobody logged', ['runs'], withoutDecision(2, 'retry')],
    ['nobody killed', ['kill', 'runs'], (facts) => ({ ...facts, kill: undefined })],
    ['another end than SIGKILL', ['kill'], withKill({ kind: 'ok', signal: null })],
    ['a process that lives on', ['kill'], withKill({ gone: false })],
    ['a kill before anything was settled', ['kill'], withKill({ unsettled: new Set(['0:0', '0:1']) })],
    ['a kill after the batch', ['kill', 'runs'], withKill({ unsettled: new Set() })],
    ['nobody who takes over', ['kill'], withRuns((runs) => runs.map((run) => ({ ...run, pid: 1 })))],
    ['no batch delivered again', ['redelivery'], (facts) => ({ ...facts, redelivery: undefined })],
    ['a handler run for it', ['redelivery', 'runs'], withRuns((runs) => [...runs, runOf(6, 'again')])],
    ['a failure reported for it', ['redelivery'], withRedelivery({ failures: 1 })],
    ['an invocation that failed for it', ['redelivery'], withRedelivery({ kind: 'error' })],
    ['an effect of it', ['redelivery'], withRedelivery({ effectsAfter: 5 })],
    ['a record of it that was not skipped', ['redelivery'], withRedelivery({ batch: ['0:0'] })],
    ['a write unit too many', ['cost'], withCost({ writeUnits: 4 })],
    ['a call too many', ['cost'], withCost({ calls: 3 })],
    ['a claim too many', ['cost'], withCost({ claims: 2 })],
    ['a transaction too many', ['cost'], withCost({ transactions: 2, writeUnits: 5 })],
    [
      'contention everywhere',
      ['cost'],
      (facts) => ({
        ...facts,
        costs: {
          ...facts.costs,
          invocations: Array.from({ length: 9 }, (_, n) => ({ ...costOf(facts), owner: `${n}`, contended: true })),
        },
      }),
    ],
    ['a group that is behind', ['lag'], (facts) => ({ ...facts, lag: new Map([[0, 1]]) })],
    ['a group that nobody knows', ['lag'], (facts) => ({ ...facts, lag: new Map() })],
  ]

function swapped(runs: readonly Run[], a: number, b: number): readonly Run[] {
  return runs.map((run, i) => (i === a ? (runs[b] ?? run) : i === b ? (runs[a] ?? run) : run))
}

export const costOf = ({ costs }: Facts) => {
  const [, normal] = costs.invocations
  if (normal === undefined) throw new Error('the fixture has a normal invocation')
  return normal
}
