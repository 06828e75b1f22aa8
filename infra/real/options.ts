import { parseArgs } from 'node:util'
import { MillraceError, show } from '../../lib/errors.js'

/** The parts of the lane, in their order. */
export const parts = ['main-job', 'crash', 'differential'] as const
export type PartName = (typeof parts)[number]

/** What `npm run test:real --` takes. */
export interface RealOptions {
  /** One JSON object on stdout, and nothing else. */
  readonly json: boolean
  /** How often the crash test kills. Default 20. */
  readonly kills: number
  /** The file that takes the report. Default: `.cache/reports/real.json`. */
  readonly report?: string
  /** What is run. Default: all of it. */
  readonly only: readonly PartName[]
}

/** Reads the command line. @throws MillraceError `ML_USAGE` */
export function readRealOptions(args: readonly string[]): RealOptions {
  const { json, kills, only, report } = parse(args)
  const unknown = only.filter((name) => !isPart(name))
  if (unknown.length > 0) throw usage(`--only ${show(unknown[0])} is none of ${parts.join(', ')}`)
  const count = Number(kills)
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    throw usage(`--kills ${show(kills)} is not a whole number from 1 to 10000`)
  }
  const file = report === undefined ? {} : { report }
  return { json, kills: count, ...file, only: only.length === 0 ? parts : parts.filter((name) => only.includes(name)) }
}

const isPart = (name: string): name is PartName => (parts as readonly string[]).includes(name)

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        kills: { type: 'string', default: '20' },
        report: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
      },
    })
    return values
  } catch (cause) {
    throw usage((cause as Error).message, cause)
  }
}

const usage = (what: string, cause?: unknown) =>
  new MillraceError(
    'ML_USAGE',
    `${what}; use: npm run test:real -- [--json] [--kills N] [--report FILE] [--only ${parts.join('|')}]...`,
    { cause },
  )
