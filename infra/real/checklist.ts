import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../tools/project.js'

/** Something that has to hold, as a sentence. */
export interface Check {
  readonly name: string
  /** Rejects where it does not hold; a text it answers is a figure to tell beside its name. */
  run(): Promise<unknown>
}

/** What a lane's checks came to, as its report has it. */
export interface Checked {
  readonly passed: number
  readonly failed: number
  /** Why nothing was run; absent where the checks ran. */
  readonly skipped?: string
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly elapsedMs: number
  }[]
}

/**
 * Runs one check after another and tells each, whatever they come to; or up to the first that fails, where the others need it.
 *
 * @throws the reason of the signal
 */
export async function runChecks(
  checks: Iterable<Check>,
  {
    signal,
    tell,
    upToFailure = false,
  }: { readonly signal: AbortSignal; readonly tell: (line: string) => void; readonly upToFailure?: boolean },
): Promise<Checked> {
  const done: Checked['checks'][number][] = []
  for (const { name, run } of checks) {
    signal.throwIfAborted()
    const began = Date.now()
    const ended = await run().then(
      (figure) => ({ ok: true, detail: typeof figure === 'string' ? figure : '' }),
      (error: Error) => ({ ok: false, detail: error.message }),
    )
    const one = { name, ...ended, elapsedMs: Date.now() - began }
    const seconds = (one.elapsedMs / 1000).toFixed(1)
    tell(`${one.ok ? 'ok' : 'FAILED'} (${seconds} s): ${name}${one.detail === '' ? '' : `: ${one.detail}`}`)
    done.push(one)
    if (upToFailure && !one.ok) break
  }
  const passed = done.filter(({ ok }) => ok).length
  return { passed, failed: done.length - passed, checks: done }
}

/** Where a lane leaves what it came to; what an earlier run left there is removed. */
export function reportAt(lane: string): (checked: Checked) => void {
  const path = join(root, '.cache/reports', `${lane}.json`)
  // So that a run that breaks off does not leave the last one's.
  rmSync(path, { force: true })
  return (checked) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, JSON.stringify(checked, null, 2))
  }
}
