import { parseArgs } from 'node:util'
import { MillraceError, show } from '../lib/errors.js'

/** What `npm run crash --` takes. */
export interface CrashOptions {
  /** One JSON object on stdout, and nothing else. */
  readonly json: boolean
  /** How often the worker is killed, 1 to 10,000. Default 200. */
  readonly kills: number
  /** Of the moments and of the orders, as far as they do not hang on the machine. Drawn where it is not given; reported. */
  readonly seed: number
}

/** Reads the command line. @throws MillraceError `ML_USAGE` */
export function readCrashOptions(args: readonly string[], drawSeed: () => number): CrashOptions {
  const { json, kills, seed } = parse(args)
  return {
    json,
    kills: whole('--kills', kills, 1, 10_000),
    seed: seed === undefined ? drawSeed() : whole('--seed', seed, 0, 2 ** 32 - 1),
  }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        kills: { type: 'string', default: '200' },
        seed: { type: 'string' },
      },
    })
    return values
  } catch (cause) {
    throw usage((cause as Error).message, cause)
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw usage(`${name} ${show(text)} is not a whole number from ${least} to ${most}`)
}

const usage = (what: string, cause?: unknown) =>
  new MillraceError('ML_USAGE', `${what}; use: npm run crash -- [--json] [--kills N] [--seed N]`, { cause })
