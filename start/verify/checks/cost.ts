import { type Answer, answerOf, type Facts } from '../facts.js'

/** The ledger's cost, as averages over all invocations. */
export interface CostCheck {
  readonly callsPerBatch: number
  readonly writeUnitsPerBatch: number
  readonly answer: Answer
}

/** Invocations that may meet somebody else's claim: the one that dies, those that wait for its lease, and one for a lost settle. */
const mostContended = 4

/**
 * In the normal case a batch costs two write units per source partition whatever its size, in two calls where the store takes
 * several writes in one.
 */
export function cost({ costs: { usages, invocations, batched }, ledgerTable }: Facts): CostCheck {
  const normal = invocations.filter((one) => !one.contended && one.settles > 0)
  const complaints = normal
    .filter(
      ({ partitions, calls, writeUnits }) => writeUnits !== 2 * partitions || calls !== (batched ? 2 : 2 * partitions),
    )
    .map(
      ({ partitions, calls, writeUnits }) =>
        `${writeUnits} write units in ${calls} calls for ${partitions} source partitions`,
    )
  if (normal.length === 0) complaints.push('no invocation was the normal case')
  const special = invocations.length - normal.length
  if (special > mostContended)
    complaints.push(`${special} of ${invocations.length} invocations were contended or never settled`)
  const ofLedger = usages.filter(({ table }) => table === ledgerTable)
  const calls = ofLedger.reduce((sum, usage) => sum + usage.calls, 0)
  const units = ofLedger.reduce((sum, usage) => sum + usage.writeUnits, 0)
  const batches = Math.max(1, invocations.length)
  const perBatch = batched ? 'in 2 calls' : 'each in a call of its own, as this store wants it'
  const detail = `2 write units per source partition, ${perBatch}, in ${normal.length} batches; ${special} more died, or met a claim not given back`
  return {
    callsPerBatch: rounded(calls / batches),
    writeUnitsPerBatch: rounded(units / batches),
    answer: answerOf(complaints, detail),
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100
