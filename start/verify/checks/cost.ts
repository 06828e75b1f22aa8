import type { InvocationCost } from '../../faults/index.js'
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
 * In the normal case a batch takes each source partition with one write and gives it back with one, in two calls where the store
 * takes several writes in one, whatever its size. Effects add transactions, no more than their limits make necessary, in each of
 * which the ledger's write costs two units; the last of a source partition gives it back. Not normal are invocations that
 * met another's claim or died, and those with checkpoints: they outlived a third of their lease, or looked for a killer record.
 */
export function cost({ costs: { usages, invocations, batched }, ledgerTable }: Facts): CostCheck {
  const whole = invocations.filter((one) => !one.contended && one.settles >= one.partitions)
  const normal = whole.filter(({ checkpoints }) => checkpoints === 0)
  const complaints = normal.flatMap((one) => (isCheap(one, batched) ? [] : [describe(one)]))
  if (normal.length === 0) complaints.push('no invocation was the normal case')
  const special = invocations.length - whole.length
  if (special > mostContended)
    complaints.push(`${special} of ${invocations.length} invocations were contended or never settled`)
  const transactions = normal.reduce((sum, one) => sum + one.transactions, 0)
  const detail =
    `one claim per source partition, settled in ${transactions} transactions in all, in ${normal.length} batches; ` +
    `${whole.length - normal.length} more had checkpoints, ${special} died, or met a claim not given back`
  const batches = Math.max(1, invocations.length)
  const calls = usages
    .filter(({ table }) => table.split(',').includes(ledgerTable))
    .reduce((sum, usage) => sum + usage.calls, 0)
  const units = invocations.reduce((sum, { writeUnits }) => sum + writeUnits, 0)
  return {
    callsPerBatch: rounded(calls / batches),
    writeUnitsPerBatch: rounded(units / batches),
    answer: answerOf(complaints, detail),
  }
}

function isCheap(one: InvocationCost, batched: boolean): boolean {
  const { partitions, claims, settles, calls, transactions, mostTransactions, writeUnits } = one
  const single = singleWrites(one)
  return (
    claims === partitions &&
    settles === partitions &&
    transactions <= mostTransactions &&
    calls <= (batched ? 2 : single) &&
    single <= 2 * partitions &&
    writeUnits === single + 2 * transactions
  )
}

/** Claims, and the settles outside of transactions. */
const singleWrites = ({ claims, settles, settlesInTransactions }: InvocationCost): number =>
  claims + settles - settlesInTransactions

const describe = ({ partitions, claims, settles, calls, transactions, mostTransactions, writeUnits }: InvocationCost) =>
  `${writeUnits} write units for ${partitions} source partitions: ${claims} claims, ${settles} settles, ${calls} calls ` +
  `and ${transactions} transactions of at most ${mostTransactions}`

const rounded = (value: number): number => Math.round(value * 100) / 100
