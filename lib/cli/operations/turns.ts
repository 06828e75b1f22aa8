import { systemClock } from '../../clock.js'
import { asError } from '../../errors.js'
import type { Surroundings } from '../command.js'
import { progressOf } from '../terminal.js'
import { type ExitCode, exitCodes } from '../voice.js'
import { allPresent, nameOf, type Operated, type Present } from './open.js'
import type { Patience } from './patience.js'

/** What became of one mapping: as it was wanted, or not, in words that follow its name. */
export interface Fate {
  readonly ok: boolean
  readonly text: string
  /** For programs. */
  readonly facts?: object
}

/** What is done to a mapping. */
export type Turning = (present: Present, patience: Patience) => Promise<Fate>

/** How a command that changes mappings is told of. */
export interface Telling {
  /** Of the line of a mapping, for programs. */
  readonly event: string
  /** Of what became of all of them, for people, as `paused`. */
  readonly done: string
  readonly timeoutSeconds: number
}

/** Does it to all mappings at once, a line for each as it ends. @throws MillraceError of the first that failed, once all have ended */
export async function turnEach(
  operated: Operated,
  { event, done, timeoutSeconds }: Telling,
  { voice, stopping: { signal } }: Surroundings,
  turning: Turning,
): Promise<ExitCode> {
  const all = allPresent(operated)
  const patience = { clock: systemClock, until: systemClock.now() + timeoutSeconds * 1_000, signal }
  const progress = progressOf(all.length)
  const errors: Error[] = []
  let [ended, well] = [0, 0]
  const one = async (present: Present): Promise<void> => {
    const fate = await turning(present, patience).catch((error: unknown) => void errors.push(asError(error)))
    progress.end()
    if (fate?.ok) well++
    const { name, deployed, topic, group } = present.reads
    const about = { function: name, deployed, topic, group, uuid: present.uuid }
    if (fate) voice.say(event, `${nameOf(present.reads)} ${fate.text}`, { ...about, ok: fate.ok, ...fate.facts })
    progress.at(++ended)
  }
  progress.at(0)
  await Promise.all(all.map(one))
  progress.end()
  const [failed] = errors
  if (failed) throw failed
  const summary = `${well} of ${all.length} ${done} (${operated.target.place})`
  voice.say('summary', summary, { count: all.length, done: well, interrupted: signal.aborted })
  return well === all.length ? exitCodes.ok : exitCodes.failed
}

/** What became of it where it is not as wanted: it goes on by itself. */
export async function unfinished(
  { api }: Operated,
  { uuid }: Present,
  end: 'late' | 'stopped',
  wanted: string,
): Promise<Fate> {
  const state = await api.get(uuid).then(
    ({ State }) => State ?? 'unknown',
    () => 'unknown',
  )
  const why = end === 'late' ? 'the time is over' : 'stopped waiting'
  const text = `is ${state}, and ${wanted}: ${why}; what was asked for goes on without this command, see \`millrace status\``
  return { ok: false, text, facts: { state, end } }
}
