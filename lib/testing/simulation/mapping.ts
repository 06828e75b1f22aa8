import { showEntry } from './history.js'
import type { Answer } from './invoke.js'
import type { Simulation } from './simulation.js'
import type { Topic } from './topic.js'
import type { Entry } from './truth.js'

/** One poller's time as the member of its group; after a rebalance it goes on for a few deliveries more. */
interface Member {
  isStale: boolean
  deliveriesLeft: number
}

/** Records on their way, with how often they were tried. */
interface Piece {
  readonly records: readonly Entry[]
  readonly tries: number
}

type Invoke = (entries: readonly Entry[], anew: boolean) => Promise<Answer>

/** An event source mapping on all partitions of the topic: ends when everything is consumed. */
export async function runMapping(simulation: Simulation, topic: Topic, invoke: Invoke, isLast: boolean): Promise<void> {
  const { choices, scheduler, history, world } = simulation
  const maximumRetries = isLast ? -1 : world.maximumRetries
  const polled = new Set<Entry>()
  let overlapsLeft = world.overlaps && !isLast ? 2 : 0
  let members = 0

  async function poll(member: Member): Promise<void> {
    members++
    const others: Promise<void>[] = []
    while (!member.isStale) {
      if (members === 1 && !isLast) topic.disturb()
      const records = topic.take(isLast ? 1 : 1 + choices.below('mapping', world.batchSize))
      if (records.length === 0) break
      const anew = records.some((entry) => polled.has(entry))
      for (const entry of records) polled.add(entry)
      await deliver(records, member, anew, others)
      if (!member.isStale) topic.commit(records)
      await scheduler.sleep(choices.below('time', 3) * 10)
    }
    members--
    await Promise.all(others)
  }

  async function deliver(
    records: readonly Entry[],
    member: Member,
    anew: boolean,
    others: Promise<void>[],
  ): Promise<void> {
    const pieces: Piece[] = [{ records, tries: 0 }]
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      if (member.isStale && member.deliveriesLeft-- <= 0) return
      if (overlapsLeft > 0 && !member.isStale && choices.oneIn('mapping', 5)) {
        overlapsLeft--
        others.push(rebalance(member))
      }
      const answer = await invoke(piece.records, anew)
      pieces.push(...next(piece, answer))
      await scheduler.sleep(choices.below('time', 4) * 30)
    }
  }

  /** Another poller takes over from what is committed, while this one does not know yet. */
  function rebalance(member: Member): Promise<void> {
    member.isStale = true
    history.overlapped = true
    member.deliveriesLeft = choices.below('mapping', 4)
    history.note(() => 'mapping: another poller takes over')
    return scheduler.sleep(choices.below('time', 5) * 100).then(() => poll({ isStale: false, deliveriesLeft: 0 }))
  }

  function next({ records, tries }: Piece, answer: Answer): Piece[] {
    if (answer.kind === 'answered' && answer.left.size === 0) return []
    if (maximumRetries >= 0 && tries >= maximumRetries) {
      const left = answer.kind === 'answered' && world.givesUpSingly ? [...answer.left] : records
      const given = left === records ? records : oneOf(left)
      for (const entry of given) giveUp(simulation, entry)
      const rest = left.filter((entry) => !given.includes(entry))
      return rest.length > 0 ? [{ records: rest, tries: 0 }] : []
    }
    if (answer.kind === 'answered')
      return [{ records: again(records, answer.left, world.redelivery), tries: tries + 1 }]
    if (!world.bisect || records.length === 1) return [{ records, tries: tries + 1 }]
    const half = Math.ceil(records.length / 2)
    // The first half is delivered first.
    return [
      { records: records.slice(half), tries: tries + 1 },
      { records: records.slice(0, half), tries: tries + 1 },
    ]
  }

  /**
   * One record given up by itself. Open by design: no claim that brought it ever reached the ledger, and then the hole that it
   * leaves between the others looks like any other.
   */
  function oneOf(left: readonly Entry[]): readonly Entry[] {
    const one = left.slice(choices.below('mapping', left.length)).slice(0, 1)
    return world.open || one.every(({ claimed }) => claimed) ? one : left
  }

  await poll({ isStale: false, deliveriesLeft: 0 })
}

/** What is delivered again of a batch, by partition: from the lowest reported offset on, or only what was reported. */
function again(
  records: readonly Entry[],
  left: ReadonlySet<Entry>,
  redelivery: 'from lowest' | 'only reported',
): Entry[] {
  return records.filter((entry) => {
    if (redelivery === 'only reported') return left.has(entry)
    return [...left].some(({ partition, offset }) => partition === entry.partition && offset <= entry.offset)
  })
}

function giveUp({ history }: Simulation, entry: Entry): void {
  entry.runsThisLife = 0
  if (entry.settled) return
  entry.gone = true
  history.count('given up by Lambda')
  history.note(() => `mapping: gives up ${showEntry(entry)}`)
}
