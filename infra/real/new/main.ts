/**
 * `npm run test:new`: a new user packs this project, makes a service with `millrace new`, installs it, and does what its README says.
 * Needs npm and its cache or its registry; what it starts is stopped, and what it makes is removed.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Check, runChecks } from '../checklist.js'
import { runLane } from '../lane.js'
import { type Trial, trial } from './trial.js'

runLane('new', async (context) => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-new-'))
  const tried = trial(home, context.signal)
  try {
    return await runChecks(stepsOf(tried), { ...context, upToFailure: true })
  } finally {
    await tried.stop()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** What follows is known once the service is made: its README says it. */
function* stepsOf({ making, following }: Trial): Iterable<Check> {
  yield* making
  yield* following()
}
