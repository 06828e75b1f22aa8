import { MillraceError } from '../lib/errors.js'
import { type Finished, runJob } from './job.js'
import { readStartOptions } from './options.js'
import { progressLine, reportText } from './report/index.js'

// A newcomer's first screen is about the job; see the SDK's own documentation for what its releases want of Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'

/** Exit codes: every check held, something did not hold, wrong use. */
const exit = { ok: 0, failed: 1, usage: 2 } as const

async function main(args: readonly string[]): Promise<number> {
  const options = readStartOptions(args)
  const interrupt = new AbortController()
  const onSignal = (signal: NodeJS.Signals) =>
    interrupt.abort(
      new MillraceError('ML_START_INTERRUPTED', `ended by ${signal}; everything it had started is stopped`),
    )
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  let endProgress: () => void = () => undefined
  let finished: Finished
  try {
    finished = await runJob(options, {
      signal: interrupt.signal,
      onProgress: (ask) => {
        endProgress = progressLine(process.stderr, options.orders, ask)
      },
    })
  } finally {
    endProgress()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
  const text = options.json ? `${JSON.stringify(finished.report)}\n` : reportText(finished)
  await new Promise((resolve) => process.stdout.write(text, resolve))
  return finished.report.ok ? exit.ok : exit.failed
}

// All that was started is stopped by now; what a client may still try over and over is of no use to anybody.
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { message, code } = error as Partial<MillraceError>
    process.stderr.write(`${message ?? String(error)}\n`)
    process.exit(code === 'ML_USAGE' ? exit.usage : exit.failed)
  },
)
