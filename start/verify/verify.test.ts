import { describe, expect, it } from 'vitest'
import { broken, costOf, withEffect, withoutDecision } from './broken.fixture.js'
import { decisionOf, runOf, soundFacts } from './facts.fixture.js'
import type { Facts } from './facts.js'
import { verify } from './verify.js'

const failedChecks = (facts: Facts): string[] => verify(facts).checks.flatMap(({ name, ok }) => (ok ? [] : [name]))

describe('the verifier', () => {
  it('finds nothing wrong in a sound run, and counts it', () => {
    const { checks, ...figures } = verify(soundFacts())
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(figures).toEqual({
      produced: 7,
      settled: 4,
      fallback: 2,
      dropped: 1,
      held: 1,
      redriven: 2,
      discarded: 1,
      lost: 0,
      duplicateEffects: 0,
      duplicateEffectsAllowed: 0,
      orderViolations: 0,
      reruns: 4,
      ddbCallsPerBatch: 1.75,
      writeUnitsPerBatch: 3,
      recordsPerSecond: 7,
    })
  })

  it.each(broken)('sees %s: %j', (_, failing, change) => {
    expect(failedChecks(change(soundFacts())).sort()).toEqual([...failing].sort())
  })

  it('asks no batched calls of a store that has none', () => {
    const facts = soundFacts()
    const invocations = [
      {
        ...costOf(facts),
        partitions: 2,
        claims: 2,
        settles: 2,
        settlesInTransactions: 0,
        transactions: 0,
        calls: 4,
        writeUnits: 4,
      },
    ]
    expect(failedChecks({ ...facts, costs: { ...facts.costs, invocations } })).toEqual(['cost'])
    expect(failedChecks({ ...facts, costs: { ...facts.costs, invocations, batched: false } })).toEqual([])
  })

  it('takes for granted what the killed process had settled and could not tell', () => {
    const facts = withoutDecision(4, 'drop')(soundFacts())
    const kill = facts.kill && { ...facts.kill, unsettled: new Set(['0:1', '0:2']) }
    expect(failedChecks({ ...facts, kill })).toEqual([])
    expect(verify({ ...facts, kill })).toMatchObject({ dropped: 1, lost: 0 })
  })

  it('leaves invocations with checkpoints out of the normal case', () => {
    const facts = soundFacts()
    const { invocations } = facts.costs
    const long = { ...costOf(facts), owner: 'long', checkpoints: 9, writeUnits: 12, calls: 10 }
    expect(failedChecks({ ...facts, costs: { ...facts.costs, invocations: [...invocations, long] } })).toEqual([])
  })

  it('lets the killed process have recorded a failure that it could not tell', () => {
    const facts = soundFacts()
    const runs = facts.history.runs.map((run) => (run.offset === 1 && run.pid === 2 ? { ...run, attempt: 2 } : run))
    expect(failedChecks({ ...facts, history: { ...facts.history, runs } })).toEqual([])
  })

  it('counts what has neither effect nor envelope nor a decision as lost', () => {
    expect(verify(withEffect('o6', undefined)(soundFacts())).lost).toBe(1)
    expect(verify({ ...soundFacts(), failures: [] }).lost).toBe(2)
    expect(verify(withoutDecision(4, 'drop')(soundFacts())).lost).toBe(1)
  })

  it('sees what overtakes a record that waits for its retry', () => {
    const facts = soundFacts()
    const decisions = [...facts.history.decisions, decisionOf(1, 'killed', 'retry')]
    const runs = facts.history.runs.toSpliced(2, 0, runOf(2, 'too early'))
    expect(verify({ ...facts, history: { ...facts.history, runs, decisions } }).orderViolations).toBe(1)
  })
})
