import { placeOf } from '../orders/index.js'
import { accounting } from './checks/accounting.js'
import { balances } from './checks/balances.js'
import { cost } from './checks/cost.js'
import { effects } from './checks/effects.js'
import { failures } from './checks/failures.js'
import { holds } from './checks/holds.js'
import { kill } from './checks/kill.js'
import { lag } from './checks/lag.js'
import { ledger } from './checks/ledger.js'
import { mended } from './checks/mended.js'
import { order } from './checks/order.js'
import { redelivery } from './checks/redelivery.js'
import { runs } from './checks/runs.js'
import { secondEffects } from './checks/second-effects.js'
import type { Checked, Facts } from './facts.js'
import { untold } from './untold.js'

/** What the verifier says of a run. */
export interface Verdict {
  readonly produced: number
  /** As ok: good orders with their effect. */
  readonly settled: number
  readonly fallback: number
  readonly dropped: number
  /** Records that were held at least once. */
  readonly held: number
  /** Records given up on that were produced again in the end, and envelopes that were thrown away. */
  readonly redriven: number
  readonly discarded: number
  /** Records with neither effect, nor envelope, nor a decision to drop them. */
  readonly lost: number
  readonly duplicateEffects: number
  readonly duplicateEffectsAllowed: number
  readonly orderViolations: number
  readonly reruns: number
  readonly ddbCallsPerBatch: number
  readonly writeUnitsPerBatch: number
  /** From the first record produced until the group had nothing left to read, the wait for the killed worker's lease included. */
  readonly recordsPerSecond: number
  readonly checks: readonly Checked[]
}

/** Holds the facts to every check. Pure: the same facts, the same verdict. */
export function verify(facts: Facts): Verdict {
  const second = secondEffects(facts)
  const ordered = order(facts)
  const ran = runs(facts)
  const spent = cost(facts)
  const waited = holds(facts)
  return {
    ...outcomes(facts),
    held: waited.held,
    redriven: facts.mending.redriven,
    discarded: facts.mending.discarded,
    duplicateEffects: second.found,
    duplicateEffectsAllowed: 0,
    orderViolations: ordered.violations,
    reruns: ran.reruns,
    ddbCallsPerBatch: spent.callsPerBatch,
    writeUnitsPerBatch: spent.writeUnitsPerBatch,
    recordsPerSecond: Math.round((facts.produced.length * 1000) / facts.elapsedMs),
    checks: [
      { name: 'accounting', ...accounting(facts) },
      { name: 'effects', ...effects(facts) },
      { name: 'balances', ...balances(facts) },
      { name: 'second effects', ...second.answer },
      { name: 'failures', ...failures(facts) },
      { name: 'ledger', ...ledger(facts) },
      { name: 'order', ...ordered.answer },
      { name: 'runs', ...ran.answer },
      { name: 'holds', ...waited.answer },
      { name: 'kill', ...kill(facts) },
      { name: 'redelivery', ...redelivery(facts) },
      { name: 'cost', ...spent.answer },
      { name: 'lag', ...lag(facts) },
      { name: 'mended', ...mended(facts) },
    ],
  }
}

function outcomes(facts: Facts) {
  const { produced, effects: table, failures: kept, history } = facts
  const unlogged = untold(facts)
  const inFailures = new Set(kept.map(placeOf))
  const droppedAt = new Set(history.decisions.filter(({ decision }) => decision === 'drop').map(placeOf))
  const counts = { produced: produced.length, settled: 0, fallback: 0, dropped: 0, lost: 0 }
  for (const record of produced) {
    const { fate } = record
    if (fate.outcome === 'ok' && table.has(fate.order.orderId)) counts.settled++
    else if (inFailures.has(placeOf(record))) counts.fallback++
    else if (droppedAt.has(placeOf(record)) || (fate.outcome === 'dropped' && unlogged.has(placeOf(record))))
      counts.dropped++
    else counts.lost++
  }
  return counts
}
