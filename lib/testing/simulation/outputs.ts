import type { Acknowledgement, Sink, SinkRecord } from '../../sink/index.js'
import { type Environment, never } from './environment.js'
import { type Shift, showEntry } from './history.js'
import type { Simulation } from './simulation.js'
import { type Entry, nameOf } from './truth.js'

const fates = [
  'not written',
  'written, not acknowledged',
  'hangs',
  'throws',
  'answers too late',
  'answers too few',
  'refuses for good',
] as const
const no: Acknowledgement = { ok: false, error: new Error('not acknowledged') }
const refused: Acknowledgement = { ok: false, error: new Error('refused'), status: 'fallback' }

/** What the target of outputs has told some environment that it holds, for good. */
const acknowledged = new WeakSet<Entry>()

/** Whether nothing of what a record gave to be written is missing. */
export const hasOutput = (entry: Entry): boolean => acknowledged.has(entry)

/** The target of outputs as one invocation reaches it. It keeps each id once. */
export function outputsOf(simulation: Simulation, env: Environment, shift: Shift): Sink {
  const { choices, scheduler, faults, history } = simulation
  /** Runs of each record when its output was acknowledged. */
  const runs = new Map<Entry, number>()

  /** Also what reaches the target late counts: nothing takes it back. */
  function land(record: SinkRecord): void {
    const entry = entryOf(shift, record)
    if (entry === undefined || String(record.value) !== nameOf(entry))
      history.breach('an output is what its record gave', () => `${record.id} ${record.value}`)
  }

  function told(record: SinkRecord, answer: Acknowledgement): Acknowledgement {
    const entry = entryOf(shift, record)
    if (!answer.ok || entry === undefined) return answer
    acknowledged.add(entry)
    runs.set(entry, entry.runs)
    return answer
  }

  return {
    name: 'outputs',
    write(records, signal) {
      if (env.dead) return never()
      const again = records
        .map((record) => entryOf(shift, record))
        .find((entry) => entry && runs.get(entry) === entry.runs)
      if (again !== undefined) history.breach('what is acknowledged is not written again', () => showEntry(again))
      const fate = faults.strikes() ? choices.pick('fault', fates) : 'fine'
      history.note(() => `${env.name} outputs: ${records.map(({ id }) => id)} ${fate}`)
      // It does not look at its signal.
      if (fate === 'hangs') return never()
      return new Promise((resolve, reject) => {
        const go = (landing: () => void) => {
          const soon = () => void scheduler.after(choices.below('time', 4), landing)
          if (fate === 'answers too late') signal.addEventListener('abort', soon, { once: true })
          else soon()
        }
        go(() => {
          if (env.dead && choices.oneIn('fault', 2)) return
          const answers = records.map((record): Acknowledgement => {
            const isAfflicted = fate !== 'fine' && !choices.oneIn('fault', 2)
            const isLost = fate === 'not written' || fate === 'refuses for good'
            if (!isAfflicted || !isLost) land(record)
            if (!isAfflicted || fate === 'answers too late' || fate === 'answers too few') return { ok: true }
            return fate === 'refuses for good' ? refused : no
          })
          const answer = (): readonly Acknowledgement[] => {
            if (fate === 'throws') throw new Error('the sink threw')
            if (fate === 'answers too few') return answers.slice(1)
            // Who has stopped waiting is told nothing.
            return signal.aborted ? answers : records.map((record, i) => told(record, answers[i] ?? no))
          }
          env.later(choices.below('time', 4), async () => answer()).then(resolve, reject)
        })
      })
    },
  }
}

function entryOf({ batch }: Shift, { source: { partition, offset } }: SinkRecord): Entry | undefined {
  for (const entries of batch.values()) {
    const entry = entries.get(offset)
    if (entry?.partition === partition) return entry
  }
  return undefined
}
