import { randomInt } from 'node:crypto'
import { MillraceError } from '../lib/errors.js'
import { readCrashOptions } from './options.js'
import { reportText } from './report.js'
import { type Report, runCrash } from './run.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'

/** Exit codes: every check held, something did not hold, wrong use. */
const exit = { ok: 0, failed: 1, usage: 2 } as const

async function main(args: readonly string[]): Promise<number> {
  const options = readCrashOptions(args, () => randomInt(2 ** 32 - 1))
  const interrupt = new AbortController()
  const onSignal = (signal: NodeJS.Signals) =>
    interrupt.abort(
      new MillraceError('ML_START_INTERRUPTED', `ended by ${signal}; everything it had started is stopped`),
    )
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const { isTTY } = process.stderr
  const onProgress = (line: string) => void (isTTY && process.stderr.write(`\r\u001b[2Kseed ${options.seed} · ${line}`))
  let report: Report
  try {
    report = await runCrash(options, { signal: interrupt.signal, onProgress })
  } finally {
    if (isTTY) process.stderr.write('\r\u001b[2K')
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
  const text = options.json ? `${JSON.stringify(report)}\n` : reportText(report)
  await new Promise((resolve) => process.stdout.write(text, resolve))
  return report.ok ? exit.ok : exit.failed
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
