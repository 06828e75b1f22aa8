import { type ParseArgsConfig, parseArgs } from 'node:util'
import { MillraceError, show } from '../lib/errors.js'

/** Exit codes: every check held, something did not hold, wrong use. */
const exit = { ok: 0, failed: 1, usage: 2 } as const

/** What a run of a command came to. */
export interface Outcome {
  readonly ok: boolean
  /** One JSON object with `--json`, else lines for people. */
  readonly text: string
}

/**
 * Runs a command of this project to its end, and exits with its code. The first SIGINT or SIGTERM aborts the signal, with an
 * error that says so.
 */
export function runCommand(command: (args: readonly string[], signal: AbortSignal) => Promise<Outcome>): void {
  // A newcomer's first screen is about the job; see the SDK's own documentation for what its releases want of Node.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  process.env.AWS_EC2_METADATA_DISABLED ??= 'true'
  // All that was started is stopped by then; what a client may still try over and over is of no use to anybody.
  interruptible(command).then(
    (code) => process.exit(code),
    (error: unknown) => {
      const { message, code } = error as Partial<MillraceError>
      process.stderr.write(`${message ?? String(error)}\n`)
      process.exit(code === 'ML_USAGE' ? exit.usage : exit.failed)
    },
  )
}

async function interruptible(command: Parameters<typeof runCommand>[0]): Promise<number> {
  const interrupt = new AbortController()
  const onSignal = (signal: NodeJS.Signals) =>
    interrupt.abort(
      new MillraceError('ML_START_INTERRUPTED', `ended by ${signal}; everything it had started is stopped`),
    )
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    const { ok, text } = await command(process.argv.slice(2), interrupt.signal)
    await new Promise((resolve) => process.stdout.write(`${text.trimEnd()}\n`, resolve))
    return ok ? exit.ok : exit.failed
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

type Flags = NonNullable<ParseArgsConfig['options']>
type Values<T extends Flags> = ReturnType<typeof parseArgs<{ options: T }>>['values']

/** Reads a command line; `use` is the command with all that it takes. Everything in it throws MillraceError `ML_USAGE`. */
export function optionReader(use: string) {
  const wrong = (what: string, cause?: unknown): MillraceError =>
    new MillraceError('ML_USAGE', `${what}; use: ${use}`, { cause })
  return {
    wrong,
    parse<const T extends Flags>(args: readonly string[], options: T): Values<T> {
      try {
        return parseArgs({ args: [...args], options }).values
      } catch (cause) {
        throw wrong((cause as Error).message, cause)
      }
    },
    whole(name: string, text: string, least: number, most: number): number {
      const value = Number(text)
      if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value
      throw wrong(`${name} ${show(text)} is not a whole number from ${least} to ${most}`)
    },
  }
}
