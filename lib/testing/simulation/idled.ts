import { ownerOf, type Shift, showEntry } from './history.js'
import { inOneLane } from './lanes.js'
import type { Simulation } from './simulation.js'

/** Nothing spins: an invocation that leaves records because they are not due does not answer before the first of them is, or its time ends. */
export function idled({ history, scheduler, world }: Simulation, shift: Shift): void {
  // What goes wrong may end an invocation sooner.
  if (world.faults > 0 || world.overlaps || world.delivery === 'at-most-once') return
  if (scheduler.now >= shift.lastStart || (shift.waited && world.atomicity === 'batch')) return
  const left = [...shift.batch].flatMap(([pk, batch]) => {
    const item = history.items.get(pk)
    if (item === undefined || ownerOf(item) !== shift.owner) return []
    const unsettled = [...batch.values()].filter(({ settled }) => !settled)
    return unsettled.flatMap((entry) => {
      const isBehind = unsettled.some((other) => other.offset < entry.offset && inOneLane(other, entry, world))
      const open = item.state.open.find(
        ({ offset, timestamp }) => offset === entry.offset && timestamp === entry.timestamp,
      )
      const isLeft = open !== undefined && open.notBefore > 0 && !shift.ran.has(entry)
      return isLeft ? [{ entry, isBehind, notBefore: open.notBefore }] : []
    })
  })
  // One behind another may have been the first to be waited for.
  const first = left.find(({ isBehind }) => !isBehind)
  if (first !== undefined && left.every(({ notBefore }) => notBefore > scheduler.now))
    history.breach('nothing spins', () => `${showEntry(first.entry)} by ${shift.owner}`)
}
