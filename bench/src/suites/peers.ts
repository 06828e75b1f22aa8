import { inRounds, median } from '../measure/rounds.js'
import { type Costs, type Result, result, type Suite, type SuiteOptions } from '../result.js'
import { middyAlone, middyOnce } from '../sides/middy.js'
import { orderSource, type Source } from '../sides/orders.js'
import { ours } from '../sides/ours.js'
import { powertools } from '../sides/powertools.js'
import { clientSettings, type Side } from '../sides/side.js'
import { checkOnce } from './check.js'
import { contender } from './contender.js'
import { deployInMemory, deployOnStore } from './setup.js'

interface Peer {
  readonly side: () => Side
  readonly protects: boolean
  readonly name: string
  /** By the number of records of an event. */
  readonly goals: Readonly<Record<number, number>>
}

/** As their documentation has them: Powertools makes its client itself. */
const documented: readonly Peer[] = [
  {
    side: () => powertools('powertools'),
    protects: true,
    name: 'Powertools kafkaConsumer + makeIdempotent per record',
    goals: { 500: 100, 5000: 200 },
  },
  { side: middyOnce, protects: true, name: 'middy event-normalizer + makeIdempotent per record', goals: {} },
]

/** What shows where the difference comes from: a client as fast as ours, and no protection at all. */
const others: readonly Peer[] = [
  {
    side: () => powertools('powertools-tuned', clientSettings),
    protects: true,
    name: 'Powertools with the client settings of millrace',
    goals: {},
  },
  {
    side: middyAlone,
    protects: false,
    name: 'middy event-normalizer alone, which handles duplicates twice',
    goals: {},
  },
]

interface Place {
  readonly name: string
  readonly spent: () => Costs
  /** Records that a side without a call per record handles in one round. */
  readonly perRound: number
  readonly peers: readonly Peer[]
}

/** Against what others do per record, with the same SDK whose transport answers from memory. */
export const peersInMemory: Suite = async (options) => {
  const store = deployInMemory(['check', 'peers'])
  return compare(
    { name: 'fake transport', spent: () => ({ ...store.spent }), perRound: 40_000, peers: [...documented, ...others] },
    options,
  )
}

/** The same on the embedded store, over its loopback port. */
export const peersOnStore: Suite = async (options) => {
  const store = await deployOnStore(['check', 'peers'])
  try {
    return await compare({ name: store.engine, spent: store.spent, perRound: 10_000, peers: documented }, options)
  } finally {
    await store.stop()
  }
}

async function compare(place: Place, { rounds, smoke }: SuiteOptions): Promise<Result[]> {
  const ourSide = ours()
  await checkOnce(ourSide, { protects: true })
  const theirs = place.peers.map((peer) => ({ ...peer, side: peer.side() }))
  for (const { side, protects } of theirs) await checkOnce(side, { protects })
  const source = orderSource('peers', 4)
  const results: Result[] = []
  for (const size of smoke ? [8] : [500, 5_000]) {
    const events = smoke ? 2 : Math.ceil(place.perRound / size)
    const contenders = [
      contender(ourSide, () => source.next(size), events, size),
      ...theirs.map(({ side, protects }) => contender(side, () => source.next(size), protects ? 1 : events, size)),
    ]
    const times = await inRounds(contenders, rounds)
    const perSecond = (name: string) => 1_000 / median(times[name] ?? [])
    const ourCosts = await costsOf(ourSide, source, size, place.spent)
    for (const { side, name, goals } of theirs) {
      results.push(
        result({
          name: `${name}: ${size} records on 4 partitions, ${place.name}`,
          unit: 'records/s',
          ours: perSecond(ourSide.name),
          peer: perSecond(side.name),
          goal: (place.name === 'fake transport' ? goals[size] : undefined) ?? null,
          bound: 'at least',
          costs: { ours: ourCosts, peer: await costsOf(side, source, size, place.spent) },
        }),
      )
    }
  }
  return results
}

/** What one event costs once the side is warm, for 1,000 records. */
async function costsOf(side: Side, source: Source, size: number, spent: Place['spent']): Promise<Costs> {
  const event = source.next(size)
  const before = spent()
  await side.deliver(event)
  const after = spent()
  const per1000 = (a = 0, b = 0) => ((a - b) * 1_000) / size
  return {
    calls: per1000(after.calls, before.calls),
    ...(after.writeUnits !== undefined && { writeUnits: per1000(after.writeUnits, before.writeUnits) }),
  }
}
