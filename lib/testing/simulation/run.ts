import { Choices, type Recording } from './choices.js'
import { Environment } from './environment.js'
import { Faults } from './faults.js'
import { type Counted, History, showEntry, showState, start } from './history.js'
import { functionOf } from './invoke.js'
import { runMapping } from './mapping.js'
import { onWrite } from './on-write.js'
import { Scheduler } from './scheduler.js'
import type { Simulation } from './simulation.js'
import { Tables } from './tables.js'
import { topicOf } from './topic.js'
import { effectOf } from './truth.js'
import { drawWorld, type World } from './world.js'

/** What came of one run. */
export interface RunResult {
  readonly world: World
  /** The first breach of an invariant, if there was one. */
  readonly violation: { readonly invariant: string; readonly detail: string } | undefined
  readonly counts: Readonly<Record<Counted, number>>
  readonly trace: readonly string[]
  readonly steps: number
  readonly recording: Recording
}

export interface RunOptions {
  /** The cases that are known to be open may come up. */
  readonly open: boolean
  /** Keeps what happens as text. */
  readonly tracing: boolean
}

/** No run needs so many tasks; one that does goes round in circles. */
const mostSteps = 60_000

/** One run: the same seed, or the same recording, makes the same run. */
export async function run(from: number | Recording, { open, tracing }: RunOptions): Promise<RunResult> {
  const choices = new Choices(from)
  const scheduler = new Scheduler(choices, start)
  const world = drawWorld(choices, open)
  const faults = new Faults(choices, world.faults, world.faultOneIn)
  const history = new History(() => scheduler.now, tracing)
  const tables = new Tables(
    () => scheduler.now,
    (...write) => checked(...write),
  )
  const simulation: Simulation = { choices, scheduler, world, faults, history, tables }
  const checked = onWrite(simulation)
  scheduler.interfere = (life) => {
    if (life instanceof Environment && faults.strikes()) crash(simulation, life)
  }
  let isOver = false
  const story = play(simulation).then(
    () => {
      isOver = true
    },
    (error: Error) => history.breach('the simulation itself goes on', () => `${error.stack}`),
  )
  await scheduler.run(() => isOver || history.violation !== undefined || scheduler.steps > mostSteps)
  if (isOver) await story
  else
    history.breach('every run ends', () =>
      scheduler.steps > mostSteps ? 'it goes round in circles' : 'it waits for nothing',
    )
  const { violation, counts, trace } = history
  return { world, violation, counts, trace, steps: scheduler.steps, recording: choices.recording }
}

/** The process dies, its event loop is blocked for longer or shorter than its lease, or the table is throttled for a while. */
function crash({ choices, scheduler, history, world, faults }: Simulation, env: Environment): void {
  const kind = choices.pick('fault', ['dies', 'dies', 'is blocked', 'is throttled'])
  if (kind === 'dies') {
    env.die()
    return
  }
  if (kind === 'is throttled') {
    faults.throttledUntil = scheduler.now + 1_000 * (1 + choices.below('fault', 8))
    history.note(() => `the table is throttled until ${faults.throttledUntil - start}`)
    return
  }
  const ms = (1 + choices.below('fault', 20)) * (world.leaseMs / 10)
  history.note(() => `${env.name} is blocked for ${ms} ms`)
  env.pausedUntil = scheduler.now + ms
}

async function play(simulation: Simulation): Promise<void> {
  const { scheduler, faults, history, world } = simulation
  history.note(() => JSON.stringify(world))
  const source = topicOf(simulation)
  const invoke = functionOf(simulation)
  await runMapping(simulation, source, invoke, false)
  // In the end all goes well: one more record, and whatever was left is cleared up.
  faults.end()
  source.append()
  await scheduler.sleep(2 * world.leaseMs)
  await runMapping(simulation, source, invoke, true)
  atTheEnd(simulation)
}

/** Nothing is lost, and nothing is left behind. */
function atTheEnd({ history, world, tables }: Simulation): void {
  for (const [pk, logs] of history.logs) {
    for (const entry of logs.flatMap(({ entries }) => entries)) {
      const effects = tables.counters.get(`effects ${effectOf(entry)}`) ?? 0
      if (effects > 1) history.count('effects made again after they were forgotten')
      if (entry.settled || entry.abandoned || entry.gone || entry.withheld) continue
      history.breach('nothing is lost', () => showEntry(entry))
    }
    const state = history.stateOf(pk)
    // What is known of a former incarnation may stay, as long as nothing contradicts it.
    if (state === undefined || logs.length > 1) continue
    const { open, pending, claim, crashed, suspect } = state
    const isClean = open.length + pending.length === 0 && claim === null && crashed === null && suspect === null
    if (!isClean && world.delivery === 'at-least-once')
      history.breach('nothing is left behind', () => `${pk} ${showState(state)}`)
  }
}
