import type { RawRecord } from '../../event/index.js'
import type { Abandoned, Acknowledgement, Failure, FallbackSink } from '../../sink/index.js'
import { type Environment, never } from './environment.js'
import { showEntry } from './history.js'
import type { Simulation } from './simulation.js'
import type { Entry } from './truth.js'

const fates = ['not written', 'written, not acknowledged', 'hangs', 'throws'] as const
const no: Acknowledgement = { ok: false, error: new Error('not acknowledged') }

/** The failures table as one environment reaches it. */
export function sinkOf(simulation: Simulation, env: Environment, entryOf: (record: RawRecord) => Entry): FallbackSink {
  const { choices, scheduler, faults, history } = simulation

  /** Lands each of the list, unless its fate is another; answers what the environment gets to know of it. */
  function send<T>(
    list: readonly T[],
    signal: AbortSignal,
    land: (one: T) => void,
    oneIn?: number,
  ): Promise<readonly Acknowledgement[]> {
    if (env.dead) return never()
    const fate = faults.strikes(oneIn) ? choices.pick('fault', fates) : 'fine'
    history.note(() => `${env.name} sink: ${list.length} ${fate}`)
    if (fate === 'hangs') return env.clock.sleep(100_000, signal).then(() => list.map(() => no))
    return new Promise((resolve, reject) => {
      scheduler.after(choices.below('time', 4), () => {
        if (env.dead && choices.oneIn('fault', 2)) return
        const answers = list.map((one): Acknowledgement => {
          const isAfflicted = fate !== 'fine' && !choices.oneIn('fault', 2)
          if (!isAfflicted || fate === 'written, not acknowledged') land(one)
          return isAfflicted ? no : { ok: true }
        })
        const answer = () => (fate === 'throws' ? Promise.reject(new Error('the sink threw')) : answers)
        env.later(choices.below('time', 4), answer).then(resolve, reject)
      })
    })
  }

  return {
    write: (failures, signal) => send(failures, signal, (failure) => landed(simulation, failure, entryOf)),
    abandon: (records, signal) => send(records, signal, (record) => abandoned(simulation, record), 3),
  }
}

/** A record is given up for a reason: attempts spent in truth, deaths in truth. */
function landed({ history, world }: Simulation, failure: Failure, entryOf: (record: RawRecord) => Entry): void {
  const entry = entryOf(failure.record)
  entry.landed = true
  history.note(() => `sink: ${showEntry(entry)} ${failure.rule}`)
  if (failure.rule === 'convicted') {
    history.count('convicted')
    if (entry.deaths < 2 && !world.open) history.breach('only what died twice is convicted', () => showEntry(entry))
  }
  // At most once, the first failure is the last; what the handler gave up itself may wait for its sink.
  const attempts = world.delivery === 'at-most-once' ? 1 : world.attempts
  if (
    failure.rule === 'exhausted' &&
    world.maxAgeMs === Number.POSITIVE_INFINITY &&
    entry.plan.kind !== 'fallback' &&
    !world.batchHandler &&
    entry.runs < attempts
  )
    history.breach('attempts are spent by failures alone', () => showEntry(entry))
}

function abandoned({ history }: Simulation, { partition, offset, timestamp }: Abandoned): void {
  const found = [...history.logs.values()].flat().flatMap(({ entries }) => entries)
  for (const entry of found) {
    const { gone } = entry
    if (entry.partition !== partition || entry.offset !== offset || entry.timestamp !== timestamp) continue
    entry.abandoned = true
    history.count('abandoned')
    history.note(() => `sink: ${showEntry(entry)} abandoned`)
    if (!gone && !entry.settled) history.breach('only what Lambda went on without is abandoned', () => showEntry(entry))
  }
}
