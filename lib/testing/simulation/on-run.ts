import type { Run } from '../../engine/index.js'
import { isCovered, type LedgerState } from '../../ledger/index.js'
import { emptyState } from '../../ledger/state.js'
import { type Shift, showEntry } from './history.js'
import { overtaken } from './lanes.js'
import type { Simulation } from './simulation.js'
import type { Entry } from './truth.js'

/** A killer dies in the crash that is noticed, in its chunk, and twice on its own marker. */
const mostRunsOfKiller = 4

/** Checks that the engine may start a record just now. */
export function onStart(simulation: Simulation, pk: string, entry: Entry, run: Run, shift: Shift): void {
  const { history, scheduler, world } = simulation
  const state = history.stateOf(pk)
  const breach = (invariant: string, why = '') =>
    history.breach(invariant, () => `${showEntry(entry)} by ${shift.owner}, attempt ${run.attempt} ${why}`)
  if (state === undefined || state.claim?.owner !== shift.owner) {
    breach('no record is started without a claim', `while ${state?.claim?.owner} has it`)
    return
  }
  // What its claim says in the ledger, where others read it.
  if (state.claim.leaseEnd <= scheduler.now) breach('no record is started once the lease is over')
  const isEndless = world.onExhausted === 'retry' || world.onExhausted === 'fail'
  if (run.attempt > world.attempts && !isEndless) breach('attempts are bounded')
  if (run.held > world.maxHolds) breach('holds are bounded')
  const spent = shift.spent.get(entry)
  if (spent !== undefined && spent.attempt + spent.held >= run.attempt + run.held)
    breach('what a run has spent is recorded before the next')
  if (spent !== undefined && spent.notBefore > scheduler.now) breach('what is held is not run before its time')
  const known = state.open.find(({ offset, timestamp }) => offset === entry.offset && timestamp === entry.timestamp)
  if (known?.givenUp || known?.convicted) breach('what was given up is not run again')
  if (run.attempt <= (known?.attempts ?? 0) || run.held < (known?.holds ?? 0)) breach('attempts are counted on')
  if (world.delivery === 'at-most-once') return
  if (isCovered(state.settled, entry.offset)) breach('what is settled is not run again')
  if (known !== undefined && known.notBefore > scheduler.now) breach('what is not due is not run')
  isolated(simulation, pk, entry, state, shift)
}

/** Checks a run as it begins; a batch handler begins them in its own time. */
export function onRun(simulation: Simulation, pk: string, entry: Entry, shift: Shift): void {
  const { history, world } = simulation
  const breach = (invariant: string, why = '') =>
    history.breach(invariant, () => `${showEntry(entry)} by ${shift.owner} ${why}`)
  history.count('runs')
  entry.runs++
  shift.ran.add(entry)
  entry.runsThisLife++
  if (entry.plan.kind === 'kills' && entry.runsThisLife > mostRunsOfKiller && !world.open) {
    breach('a killer runs at most four times')
  }
  if (world.delivery === 'at-most-once') {
    if (entry.runs > 1) breach('at most once is never twice')
    return
  }
  const log = history.entriesOf(pk, entry.incarnation)
  const ahead = overtaken(entry, log, history.stateOf(pk) ?? emptyState, shift.resolved, world, history)
  if (ahead !== undefined) breach('lanes keep their order', `before ${showEntry(ahead)}`)
}

/** What a crash has made suspect runs under its marker, and nothing else meanwhile. */
function isolated({ history }: Simulation, pk: string, entry: Entry, state: LedgerState, shift: Shift): void {
  const { offset } = entry
  const isSuspect = [state.crashed, state.suspect].some((range) => range !== null && isCovered([range], offset))
  const own = state.claim?.marker
  if (isSuspect && (own == null || !isCovered([own], offset))) {
    history.breach('a suspected record runs under its marker', () => showEntry(entry))
  }
  for (const other of shift.batch.keys()) {
    const claim = history.stateOf(other)?.claim
    if (claim?.owner !== shift.owner || claim.marker === null) continue
    if (other === pk && isCovered([claim.marker], offset)) continue
    history.breach('no record runs under a marker that is not its own', () => showEntry(entry))
  }
}
