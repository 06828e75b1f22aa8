import { asError, MillraceError } from '../errors.js'

/** How a command ends: well; having failed, or found something; used wrongly. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

/** 0, 1 or 2. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What every command takes. */
export interface CommonOptions {
  readonly json?: boolean
  readonly debug?: boolean
}

/** How a command speaks: a line for people, or with `--json` an object per line, of the same facts. */
export interface Voice {
  /** `event` names the kind of line; `facts` is what a program wants to know of it. A program is also told `at`, unix milliseconds. A line without text is for programs alone. */
  say(event: string, text: string | undefined, facts?: object): void
}

export function voice({ json }: CommonOptions, out: NodeJS.WritableStream = process.stdout): Voice {
  return {
    say(event, text, facts = {}) {
      if (text === undefined && !json) return
      out.write(`${json ? JSON.stringify({ event, at: Date.now(), ...facts }) : text}\n`)
    },
  }
}

/** Tells people, on stderr, what is easily overlooked; a program has it from the counts. */
export function note({ json }: CommonOptions, text: string, err: NodeJS.WritableStream = process.stderr): void {
  if (!json) err.write(`${text}\n`)
}

/** Tells of an error on stderr, with its code, and with `--debug` of where it came from. Returns the exit code. */
export function report(thrown: unknown, { debug }: CommonOptions, err: NodeJS.WritableStream = process.stderr): number {
  const error = asError(thrown)
  err.write(`${debug ? stackOf(error) : error.message}\n`)
  const { code } = error as Partial<MillraceError>
  return code === 'ML_USAGE' || code === 'ML_OPTION_INVALID' ? exitCodes.usage : exitCodes.failed
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(asError(error.cause))}`
}

/** A wrong use of the command line. */
export const usage = (message: string): MillraceError => new MillraceError('ML_USAGE', message)
