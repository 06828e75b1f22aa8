import { inRounds, median } from '../measure/rounds.js'
import { type Result, result, type Suite, type SuiteOptions } from '../result.js'
import { answering, contracts, holding } from '../sides/contract.js'
import { orderSource } from '../sides/orders.js'
import { ours } from '../sides/ours.js'
import { plain } from '../sides/plain.js'
import { contender } from './contender.js'
import { deployInMemory } from './setup.js'

/** What outcomes, outputs and their sink cost for each record, and that one call of a sink does for all of a batch. */
export const contract: Suite = async (options) => {
  const store = deployInMemory(['first', 'contract', 'sinks'])
  await ours().deliver(orderSource('first', 4).next(40))
  const [settle = 0, claim = 0] = store.stateBytes
  return [...(await costs(plain({ claim, settle }), options)), ...(await sinkCalls(options))]
}

/** Against the plain loop: the same work and the same calls, without any contract. */
async function costs(loop: ReturnType<typeof plain>, { rounds, smoke }: SuiteOptions): Promise<Result[]> {
  const size = smoke ? 20 : 2_000
  const events = smoke ? 2 : 10
  const source = orderSource('contract', 4)
  const sides = [
    ...Object.entries(contracts).map(([name, answer]) => answering(name, answer)),
    holding('one in ten held once'),
  ]
  const times = await inRounds(
    [loop, ...sides].map((side) => contender(side, () => source.next(size), events, size)),
    rounds,
  )
  const microseconds = (name: string) => 1_000 * median(times[name] ?? [])
  const peer = microseconds(loop.name)
  return sides.map(({ name }) => {
    const cost = microseconds(name)
    return result({
      name: `contract: ${name}, ${size} records, plain loop without it`,
      unit: 'µs/record',
      ours: cost,
      peer,
      goal: null,
      bound: 'at most',
      note: `the contract, and all else the framework does: ${(cost - peer).toFixed(2)} µs/record`,
    })
  })
}

/** Counted, of one event on four partitions. */
async function sinkCalls({ smoke }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = []
  const source = orderSource('sinks', 4)
  for (const records of smoke ? [1, 20] : [1, 100, 10_000]) {
    const side = answering('sinks', contracts['ok(output), to a sink of no cost'])
    await side.deliver(source.next(records))
    if (side.sink.records !== records) throw new Error(`the sink got ${side.sink.records} of ${records} outputs`)
    const name = `contract: sink calls for ${records} outputs of one event, one call`
    results.push(result({ name, unit: 'calls', ours: side.sink.calls, peer: 1, goal: 1, bound: 'at most' }))
  }
  return results
}
