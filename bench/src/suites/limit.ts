import { inRounds, median } from '../measure/rounds.js'
import { type Result, result, type Suite, type SuiteOptions } from '../result.js'
import { orderSource } from '../sides/orders.js'
import { ours } from '../sides/ours.js'
import { plain } from '../sides/plain.js'
import type { Side } from '../sides/side.js'
import type { MemoryStore } from '../store/memory-store.js'
import { contender } from './contender.js'
import { deployInMemory } from './setup.js'

/** Against the limit: a plain loop that makes the same calls and does nothing else for the records. */
export const limit: Suite = async (options) => {
  const store = deployInMemory(['limit', 'calls'])
  const ourSide = ours()
  await ourSide.deliver(orderSource('limit', 4).next(40))
  const [settle = 0, claim = 0] = store.stateBytes
  const plainSide = plain({ claim, settle })
  return [...(await speed([ourSide, plainSide], options)), ...(await calls(ourSide, plainSide, store, options))]
}

async function speed(sides: readonly [Side, Side], { rounds, smoke }: SuiteOptions): Promise<Result[]> {
  const [ourSide, plainSide] = sides
  const source = orderSource('limit', 4, 10)
  const results = []
  for (const size of smoke ? [20] : [500, 5_000]) {
    const events = smoke ? 2 : Math.ceil(20_000 / size)
    const times = await inRounds(
      sides.map((side) => contender(side, () => source.next(size), events, size)),
      // Short ones, so that the heap holds few events at a time, and therefore more of them.
      smoke ? 1 : rounds * 3,
    )
    const perSecond = ({ name }: Side) => 1_000 / median(times[name] ?? [])
    results.push(
      result({
        name: `limit: ${size} records on 4 partitions, plain loop`,
        unit: 'records/s',
        ours: perSecond(ourSide),
        peer: perSecond(plainSide),
        goal: 0.8,
        bound: 'at least',
      }),
    )
  }
  return results
}

/** What an event on as many partitions as one call carries asks of DynamoDB, once its items are known. */
async function calls(ourSide: Side, plainSide: Side, store: MemoryStore, { smoke }: SuiteOptions): Promise<Result[]> {
  const partitions = 25
  const source = orderSource('calls', partitions)
  const results = []
  for (const records of smoke ? [25, 50] : [25, 10_000]) {
    const spent = []
    for (const side of [ourSide, plainSide]) {
      await side.deliver(source.next(partitions))
      const before = { ...store.spent }
      await side.deliver(source.next(records))
      spent.push({ calls: store.spent.calls - before.calls, units: store.spent.writeUnits - before.writeUnits })
    }
    for (const [what, unit] of [
      ['calls', 'calls'],
      ['units', 'write units'],
    ] as const) {
      const [us = Number.NaN, peer = Number.NaN] = spent.map((one) => one[what])
      const name = `limit: ${unit} of an event of ${records} records on ${partitions} partitions, plain loop`
      results.push(result({ name, unit, ours: us, peer, goal: 1, bound: 'at most' }))
    }
  }
  return results
}
