/**
 * Asks both brokers, whose addresses are its first two arguments, by another client, and writes what they answered to the
 * file that is the third.
 */
import { writeFileSync } from 'node:fs'
import { runCases } from '../../../../dist/infra/real/differential/run-cases.js'
import { cases } from './cases.js'
import { onSide } from './side.js'

const [embedded = '', real = '', file = ''] = process.argv.slice(2)
const pairs = await runCases(cases, {
  embedded: (id, work) => onSide(embedded, id, work),
  real: (id, work) => onSide(real, id, work),
  signal: new AbortController().signal,
})
writeFileSync(file, JSON.stringify(pairs))
// A client that could not be closed is of no use to anybody.
process.exit(0)
