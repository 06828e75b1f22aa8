import { asError } from '../../lib/errors.js'
import { type Checked, reportAt } from './checklist.js'

/** Why a lane cannot run here. */
export class Skipped extends Error {}

/** Around a lane's work. */
export interface LaneContext {
  /** Ends the work; everything that it started is stopped. */
  readonly signal: AbortSignal
  /** Takes a line about how far it is. */
  readonly tell: (line: string) => void
}

/**
 * Runs a lane as a program: its report is left under its name, a signal ends its work, and the process exits with 1 where something failed. What
 * throws {@link Skipped} is reported as skipped, and exits with 0.
 */
export function runLane(name: string, work: (context: LaneContext) => Promise<Checked>): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  process.env.AWS_EC2_METADATA_DISABLED ??= 'true'
  const tell = (line: string) => console.log(line)
  const report = reportAt(name)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const began = performance.now()
  work({ signal: interrupt.signal, tell }).then(
    (checked) => {
      report(checked)
      tell(`${checked.passed} passed, ${checked.failed} failed, in ${Math.round((performance.now() - began) / 1000)} s`)
      process.exit(checked.failed === 0 ? 0 : 1)
    },
    (error: unknown) => {
      const { message } = asError(error)
      if (!(error instanceof Skipped)) {
        console.error(message)
        process.exit(1)
      }
      tell(`skipped: ${message}`)
      report({ passed: 0, failed: 0, skipped: message, checks: [] })
      process.exit(0)
    },
  )
}
