/**
 * `npm run test:new`: a new user packs this project, makes a service with `millrace new`, installs it, and does what its README says.
 * Needs npm and its cache or its registry; what it starts is stopped, and what it makes is removed.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../../../tools/project.js'
import { type Step, trial } from './trial.js'

const reportPath = join(root, '.cache/reports/new.json')
const tell = (line: string) => console.log(line)

async function main(): Promise<number> {
  rmSync(reportPath, { force: true })
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const home = mkdtempSync(join(tmpdir(), 'millrace-new-'))
  const { making, following, stop } = trial(home, interrupt.signal)
  let passed = 0
  const failures: string[] = []
  try {
    await attempt(making)
    await attempt(following())
  } catch (error) {
    interrupt.signal.throwIfAborted()
    failures.push((error as Error).message)
    tell(`FAILED: ${(error as Error).message}`)
  } finally {
    await stop()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
  tell(`${passed} passed, ${failures.length} failed`)
  mkdirSync(dirname(reportPath), { recursive: true })
  const parts = [{ name: 'new service', passed, failures }]
  writeFileSync(reportPath, JSON.stringify({ passed, failed: failures.length, parts }))
  return failures.length === 0 ? 0 : 1

  /** Up to the first that fails: the others need it. */
  async function attempt(steps: readonly Step[]): Promise<void> {
    for (const { name, run } of steps) {
      const began = performance.now()
      await run().catch((cause: Error) => {
        throw new Error(`${name}: ${cause.message}`, { cause })
      })
      passed += 1
      tell(`ok (${((performance.now() - began) / 1000).toFixed(1)} s): ${name}`)
    }
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message)
    process.exit(1)
  },
)
