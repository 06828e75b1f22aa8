import { parseArgs } from 'node:util'
import { suites } from './suites/index.js'

export interface Options {
  readonly json: boolean
  readonly smoke: boolean
  readonly rounds: number
  /** Names of suites. */
  readonly only: readonly string[]
}

export const usage = `Usage: npm run bench -- [${Object.keys(suites).join('|')}]... [--json] [--rounds 7] [--smoke]

Names are those of suites, as with --only before each; without any, all of them.

  --json     print {results: [...]} and nothing else
  --rounds   interleaved rounds, of which the median counts; at least 7, unless you only look. Default 7
  --smoke    one round of tiny sizes: shows that all sides do their job, not how fast; exits 1 if one does not
`

/** @throws Error for what is no option, or has no such value */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const rounds = values.smoke ? 1 : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds is ${values.rounds}, not a whole number from 1`)
  const named = [...positionals, ...values.only]
  const unknown = named.find((name) => !Object.hasOwn(suites, name))
  if (unknown !== undefined) throw new Error(`there is no suite ${unknown}`)
  return { json: values.json, smoke: values.smoke, rounds, only: named.length > 0 ? named : Object.keys(suites) }
}
