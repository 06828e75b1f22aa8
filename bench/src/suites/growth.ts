import { inRounds, median } from '../measure/rounds.js'
import { type Result, result, type Suite, type SuiteOptions } from '../result.js'
import { retry } from '../sides/millrace.js'
import { handleOrder, noWork, orderSource, type Source } from '../sides/orders.js'
import { deliverWith, ours } from '../sides/ours.js'
import type { Side } from '../sides/side.js'
import { contender } from './contender.js'
import { deployInMemory } from './setup.js'

/** One size of what grows: a function of its own, on a topic of its own. */
interface Point {
  readonly size: number
  readonly source: Source
  readonly side: Side
  /** Records of an event. */
  readonly records: number
}

type Sizes = readonly [number, ...number[]]

interface Growth {
  readonly name: string
  readonly points: readonly [Point, ...Point[]]
  /**
   * What an event costs whatever it carries, its calls above all, is taken off where the number of records differs between points:
   * it would show as a fall, and hide a rise.
   */
  readonly takeOff: 'nothing' | 'a single record' | 'the smaller batch'
}

/** The cost of a record, as what surrounds it grows. */
export const growth: Suite = async (options) => {
  const topics = Array.from({ length: 40 }, (_, i) => `growth-${i}`)
  deployInMemory(topics)
  const topic = () => topics.pop() ?? ''
  const results: Result[] = []
  const sizes = (smoke: Sizes, full: Sizes) => (options.smoke ? smoke : full)
  const all = [
    () => overPartitions(topic, sizes([1, 4], [1, 4, 16, 64])),
    () => overBatches(topic, 1, sizes([10, 20], [10, 100, 1_000, 10_000])),
    () => overBatches(topic, 4, sizes([12, 20], [12, 100, 1_000, 10_000])),
    () => overIntervals(topic, sizes([0, 5], [0, 10, 100, 1_000])),
    () => overOpen(topic, sizes([0, 5], [0, 10, 30])),
  ]
  for (const make of all) {
    const grown = await make()
    results.push(judged(grown, await costs(grown, options)))
  }
  return results
}

async function overPartitions(topic: () => string, sizes: Sizes): Promise<Growth> {
  const point = (size: number) => ({ size, source: orderSource(topic(), size), side: named(size), records: size * 150 })
  return { name: 'partitions of 150 records', points: atEach(sizes, point), takeOff: 'a single record' }
}

async function overBatches(topic: () => string, partitions: number, sizes: Sizes): Promise<Growth> {
  const point = (size: number) => ({ size, source: orderSource(topic(), partitions), side: named(size), records: size })
  const name = `records of a batch on ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`
  return { name, points: atEach(sizes, point), takeOff: 'the smaller batch' }
}

/** As transaction markers leave them: a hole after every batch. */
async function overIntervals(topic: () => string, sizes: Sizes): Promise<Growth> {
  const points = atEach(sizes, (size) => ({ size, source: orderSource(topic(), 1), side: named(size), records: 500 }))
  for (const { size, source, side } of points) {
    for (let i = 0; i < size; i++) {
      await side.deliver(source.next(1))
      source.skip(1)
    }
  }
  return { name: 'batches with a hole before', points, takeOff: 'nothing' }
}

/** Open records lie above what is delivered, as after a group's reset: so no batch reaches beyond them. */
async function overOpen(topic: () => string, sizes: Sizes): Promise<Growth> {
  const above = 100_000_000
  const points = atEach(sizes, (size) => ({
    size,
    source: orderSource(topic(), 1),
    side: openFrom(above, size),
    records: 500,
  }))
  for (const { size, source, side } of points) {
    if (size > 0) await side.deliver(orderSource(source.topic, 1, above).next(size))
  }
  return { name: 'open records', points, takeOff: 'nothing' }
}

function atEach(sizes: Sizes, make: (size: number) => Point): Growth['points'] {
  const [first, ...others] = sizes
  return [make(first), ...others.map(make)]
}

const named = (size: number): Side => ({ ...ours(), name: String(size) })

/** A function whose handler fails every record from an offset on. */
function openFrom(offset: number, size: number): Side {
  const work = noWork()
  const deliver = deliverWith((record) => (record.offset >= offset ? retry('not now') : handleOrder(work, record)), {
    mayFail: true,
  })
  return { name: String(size), work, deliver }
}

/** Milliseconds of one event at each point, and of one with a single record. */
async function measure({ points }: Growth, { rounds, smoke }: SuiteOptions) {
  const events = (records: number) => (smoke ? 3 : Math.max(2, Math.min(200, Math.ceil(10_000 / records))))
  const contenders = points.map(({ source, side, records }) =>
    contender(side, () => source.next(records), events(records), records),
  )
  const [{ source, side }] = points
  const single = { ...contender(side, () => source.next(1), events(1), 1), name: 'single' }
  // What is judged are small differences: more and shorter rounds than elsewhere.
  const times = await inRounds([...contenders, single], smoke ? 1 : rounds * 3)
  const perEvent = (name: string, records: number) => median(times[name] ?? []) * records
  return { events: points.map(({ side, records }) => perEvent(side.name, records)), single: perEvent('single', 1) }
}

/** Microseconds per record at each point. */
type Costs = readonly { readonly at: string; readonly cost: number }[]

async function costs(grown: Growth, options: SuiteOptions): Promise<Costs> {
  const { events, single } = await measure(grown, options)
  const { points, takeOff } = grown
  const costs = points.map(({ size, records }, i) => {
    const ms = events[i] ?? 0
    return {
      at: `${size}`,
      cost: 1_000 * (takeOff === 'a single record' ? (ms - single) / (records - 1) : ms / records),
    }
  })
  if (takeOff !== 'the smaller batch') return costs
  // What a batch costs more than the next smaller one is the cost of the records between them.
  return points.slice(1).map(({ size, records }, i) => {
    const [from, to] = [events[i] ?? 0, events[i + 1] ?? 0]
    const before = points[i]?.records ?? 0
    return { at: `${before} to ${size}`, cost: (1_000 * (to - from)) / (records - before) }
  })
}

/** The point farthest from the middle one. */
function judged({ name, takeOff }: Growth, costs: Costs): Result {
  const middle = median(costs.map(({ cost }) => cost))
  const distance = (cost: number) => Math.abs(Math.log(cost / middle))
  const farthest = costs.reduce((a, b) => (distance(b.cost) > distance(a.cost) ? b : a))
  const all = costs.map(({ at, cost }) => `${at}: ${cost.toFixed(2)}`).join(', ')
  return result({
    name: `growth: ${name}, the farthest point against the middle`,
    unit: 'µs/record',
    ours: farthest.cost,
    peer: middle,
    goal: 1.2,
    bound: 'within',
    note: `${all}${takeOff === 'nothing' ? '' : ` (taken off: ${takeOff})`}`,
  })
}
