import type { Choices } from './choices.js'
import type { Entry, PartitionLog, Plan } from './truth.js'
import type { World } from './world.js'

/** Draws the log of a source partition: holes as compaction and markers leave them, keys, timestamps, what each record does. */
export function drawLog(
  choices: Choices,
  world: World,
  partition: number,
  incarnation: number,
  now: number,
): PartitionLog {
  const below = (n: number) => choices.below('log', n)
  const length = world.long ? 60 + below(20) : 1 + below(choices.oneIn('log', 5) ? 24 : 9)
  // A consumer may start anywhere: the log begins where retention has left it.
  let offset = choices.oneIn('log', 3) ? below(12) : 0
  let time = now - 1_000_000 * (incarnation === 0 ? 1 : 0)
  const entries: Entry[] = []
  // What succeeds or fails as one has to fit into the time of one invocation; where nothing is exhausted, it would never end otherwise.
  const isEndless = world.onExhausted === 'retry' || world.onExhausted === 'fail'
  const isWhole = world.atomicity !== 'record' || (world.batchHandler && isEndless)
  let slowLeft = isWhole ? 1 : Number.POSITIVE_INFINITY
  const slowMs = () => {
    if (!choices.oneIn('log', 12) || slowLeft-- <= 0) return below(4) * 5
    return (below(3) * world.leaseMs) / (isWhole ? 2 : 1)
  }
  for (let i = 0; i < length; i++) {
    time += 1 + below(3)
    entries.push({
      partition,
      offset,
      incarnation,
      timestamp: world.timestamps === 'odd' ? oddTime(choices, time, now) : time,
      key: choices.pick('log', ['a', 'b', 'c']),
      plan: drawPlan(choices, world),
      slowMs: slowMs(),
      withheld: world.withholds && choices.oneIn('log', 8),
      ...fresh(),
    })
    offset += 1 + ((world.long ? below(8) > 0 : choices.oneIn('log', 4)) ? 1 + below(3) : 0)
  }
  return { incarnation, entries, start: 0 }
}

const fresh = () => ({
  ...{ runs: 0, runsThisLife: 0, deaths: 0, forgotten: 0 },
  ...{ handled: false, landed: false, dropped: false, abandoned: false, settled: false, gone: false, claimed: false },
})

/** One more plain record at the end of a log. */
export function lastRecord({ entries, incarnation }: PartitionLog, partition: number, timestamp: number): Entry {
  const offset = (entries.at(-1)?.offset ?? -1) + 1
  const about = { partition, offset, incarnation, timestamp, key: 'a', slowMs: 0, withheld: false }
  return { ...about, plan: { kind: 'ok' }, ...fresh() }
}

/** Equal, backwards, in the future, huge, before 1970. */
function oddTime(choices: Choices, time: number, now: number): number {
  const day = 86_400_000
  return choices.pick('log', [time, time, now - 2_000_000, time - day, now + day, now + day, now + 60_000, 2 ** 62, -1])
}

function drawPlan(choices: Choices, { killers, attempts, long, timeoutMs }: World): Plan {
  const times = () => 1 + choices.below('log', attempts + 2)
  const roll = choices.below('log', long ? 90 : 27)
  if (roll < 14) return { kind: 'ok' }
  if (roll < 18) return { kind: 'fails', times: times() }
  if (roll === 18) return { kind: 'drop' }
  if (roll === 19) return { kind: 'fallback' }
  if (roll === 20) return { kind: 'poison' }
  if (roll === 21) return { kind: choices.pick('log', ['hangs', 'breaches', 'refused']), times: 1 }
  if (roll === 22 || roll === 23) return killers ? { kind: 'kills' } : { kind: 'refused', times: times() }
  if (roll === 24) return { kind: 'hopeless' }
  if (roll === 25 || roll === 26) {
    // Beyond the invocation's time, too.
    const forMs = choices.pick('log', [30, 0, 700, 2 * timeoutMs])
    return { kind: 'holds', times: 1 + choices.below('log', 3), forMs, maxDeliveries: choices.pick('log', [50, 1, 2]) }
  }
  return { kind: 'ok' }
}
