import { type Kind, kinds, type Recording } from './choices.js'
import { type RunOptions, type RunResult, run } from './run.js'

/** So many runs are spent on making a failure smaller. */
const mostRuns = 2_000

/**
 * Makes a failing run smaller while it breaks the same invariant: choices left out from the end, then blocks of them set to the
 * plainest, then each made smaller. Knows nothing of what the choices mean.
 */
export async function shrink(failing: RunResult, options: RunOptions): Promise<RunResult> {
  const invariant = failing.violation?.invariant
  let best = failing
  let runs = 0

  async function isStill(recording: Recording): Promise<boolean> {
    if (runs++ >= mostRuns) return false
    const result = await run(recording, { ...options, tracing: false })
    // A plainer choice may lead a longer way round.
    if (result.violation?.invariant !== invariant || result.steps > best.steps) return false
    // A replay records what it has really used.
    best = { ...result, recording: trimmed(result.recording) }
    return true
  }

  const withList = (kind: Kind, list: readonly number[]): Recording => ({ ...best.recording, [kind]: list })

  async function zeroBlocks(kind: Kind): Promise<boolean> {
    let smaller = false
    for (let size = best.recording[kind].length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < best.recording[kind].length && runs < mostRuns; at += size) {
        const list = best.recording[kind]
        const block = list.slice(at, at + size)
        if (block.every((value) => value === 0)) continue
        const zeros = block.map(() => 0)
        smaller = (await isStill(withList(kind, [...list.slice(0, at), ...zeros, ...list.slice(at + size)]))) || smaller
      }
    }
    return smaller
  }

  async function lower(kind: Kind): Promise<boolean> {
    let smaller = false
    for (let i = 0; i < best.recording[kind].length && runs < mostRuns; i++) {
      const value = best.recording[kind][i] ?? 0
      for (const less of new Set([Math.floor(value / 2), value - 1])) {
        if (less <= 0 || less >= value) continue
        if (await isStill(withList(kind, best.recording[kind].with(i, less)))) {
          smaller = true
          break
        }
      }
    }
    return smaller
  }

  for (let again = true; again && runs < mostRuns; ) {
    again = false
    for (const kind of kinds) again = (await zeroBlocks(kind)) || again
    for (const kind of kinds) again = (await lower(kind)) || again
  }
  return run(best.recording, { ...options, tracing: true })
}

/** Zeros at the end say nothing. */
function trimmed(recording: Recording): Recording {
  const lists = kinds.map((kind) => {
    const list = recording[kind]
    return [kind, list.slice(0, list.findLastIndex((value) => value > 0) + 1)] as const
  })
  return Object.fromEntries(lists) as unknown as Recording
}
