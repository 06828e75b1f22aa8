import { optionReader } from '../start/command.js'

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
  const { parse, whole } = optionReader('npm run crash -- [--json] [--kills N] [--seed N]')
  const { json, kills, seed } = parse(args, {
    json: { type: 'boolean', default: false },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string' },
  })
  return {
    json,
    kills: whole('--kills', kills, 1, 10_000),
    seed: seed === undefined ? drawSeed() : whole('--seed', seed, 0, 2 ** 32 - 1),
  }
}
