import { describe, expect, it } from 'vitest'
import { broken, costOf, withEffect, withoutDecision } from './broken.fixture.js'
import { decisionOf, soundFacts } from './facts.fixture.js'
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
      lost: 0,
      duplicateEffects: 1,
      duplicateEffectsAllowed: 4,
      orderViolations: 0,
      reruns: 4,
      ddbCallsPerBatch: 1.75,
      writeUnitsPerBatch: 1.75,
      recordsPerSecond: 7,
    })
  })

  it.each(broken)('sees %s: %j', (_, failing, change) => {
    expect(failedChecks(change(soundFacts())).sort()).toEqual([...failing].sort())
  })

  it('asks no batched calls of a store that has none', () => {
    const facts = soundFacts()
    const invocations = [{ ...costOf(facts), partitions: 2, calls: 4, writeUnits: 4 }]
    expect(failedChecks({ ...facts, costs: { ...facts.costs, invocations } })).toEqual(['cost'])
    expect(failedChecks({ ...facts, costs: { ...facts.costs, invocations, batched: false } })).toEqual([])
  })

  it('counts what has neither effect nor envelope nor a decision as lost', () => {
    expect(verify(withEffect('o6', undefined)(soundFacts())).lost).toBe(1)
    expect(verify({ ...soundFacts(), failures: [] }).lost).toBe(2)
    expect(verify(withoutDecision(4, 'drop')(soundFacts())).lost).toBe(1)
  })

  it('sees what overtakes a record that waits for its retry', () => {
    const facts = soundFacts()
    const decisions = [...facts.history.decisions, decisionOf(0, 'killed', 'retry')]
    expect(verify({ ...facts, history: { ...facts.history, decisions } }).orderViolations).toBe(1)
  })
})
