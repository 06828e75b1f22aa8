import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { usage } from '../voice.js'
import { nameOf, type Operated, type Present, withMappings } from './open.js'
import { type DrainOptions, timeouts } from './options.js'
import { type Patience, waitFor } from './patience.js'
import { paused } from './pause.js'
import { lagIn, openPositions, type Position, type Positions } from './positions.js'
import { type Fate, turnEach } from './turns.js'

/** `millrace drain`: waits until all that the topics have now is settled or given up, then pauses. */
export const drain: Command<DrainOptions> = (options, surroundings) =>
  withMappings(options, (operated) => {
    const { timeout: timeoutSeconds = timeouts.drain } = options
    const telling = { event: 'drained', done: 'drained and paused', timeoutSeconds }
    return turnEach(operated, telling, surroundings, async (present, patience) => {
      const positions = await openPositions(brokersOf(operated, present), options)
      try {
        return await drained(operated, present, positions, patience)
      } finally {
        await positions.close()
      }
    })
  })

function brokersOf({ target }: Operated, { reads }: Present): readonly string[] {
  const brokers = target.brokersOf(reads)
  if (brokers.length > 0) return brokers
  throw usage(`${target.place} does not say where the Kafka of ${nameOf(reads)} is; give --brokers`)
}

async function drained(operated: Operated, present: Present, positions: Positions, patience: Patience): Promise<Fate> {
  const { api } = operated
  const { reads, configuration, uuid } = present
  const first = await positions.of(reads, configuration)
  const goals = new Map(first.map(({ partition, end }) => [partition, end]))
  let left: readonly Position[] = leftOf(first, goals)
  const waited = await waitFor(async () => {
    left = leftOf(await positions.of(reads, configuration), goals)
    if (left.length === 0) return 'drained'
    // Nothing that is left would ever come.
    return (await api.get(uuid)).State === 'Disabled' ? 'disabled' : undefined
  }, patience)
  if (waited.end === 'done' && waited.value === 'drained') {
    const fate = await paused(operated, present, patience, { drain: true })
    return { ...fate, text: `is drained and ${fate.text}`, facts: { left: [], ...fate.facts } }
  }
  const why =
    waited.end === 'done'
      ? 'it is Disabled: `millrace resume` it first'
      : `${waited.end === 'late' ? 'the time is over' : 'stopped waiting'}; it goes on reading`
  return { ok: false, text: `${restOf(left)}; ${why}`, facts: { left } }
}

/** Where the group is before what was the end when it began. What was written since is no concern. */
const leftOf = (now: readonly Position[], goals: ReadonlyMap<number, number>): readonly Position[] =>
  now.flatMap(({ partition, next }) => {
    const end = goals.get(partition) ?? 0
    return next < end ? [{ partition, next, end }] : []
  })

function restOf(left: readonly Position[]): string {
  const each = left.map(({ partition, next, end }) => `${end - next} of partition ${partition} from ${next} on`)
  return `has ${counted(lagIn(left), 'record')} left: ${each.join(', ')}`
}
