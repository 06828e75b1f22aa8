/**
 * `npm run test:real`: the main job, the crash test and the differential suite on Apache Kafka and DynamoDB Local, which
 * Maven installs and which are stopped in the end.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MillraceError } from '../../lib/errors.js'
import { quietKafkajs } from '../../lib/local/esm/index.js'
import { root } from '../../tools/project.js'
import { readRealOptions } from './options.js'
import { reportText } from './report.js'
import { runReal } from './run.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'
process.env.KAFKAJS_NO_PARTITIONER_WARNING ??= '1'
quietKafkajs()

/** Exit codes: nothing failed or the lane was skipped, something failed, wrong use. */
const exit = { ok: 0, failed: 1, usage: 2 } as const

async function main(args: readonly string[]): Promise<number> {
  const options = readRealOptions(args)
  const interrupt = new AbortController()
  const onSignal = (signal: NodeJS.Signals) =>
    interrupt.abort(
      new MillraceError('ML_START_INTERRUPTED', `ended by ${signal}; everything it had started is stopped`),
    )
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const path = options.report ?? join(root, '.cache/reports/real.json')
  // So that a run that breaks off does not leave the last one's.
  rmSync(path, { force: true })
  const report = await runReal(options, { signal: interrupt.signal, tell })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, JSON.stringify(report, null, 2))
  const text = options.json ? `${JSON.stringify(report)}\n` : reportText(report)
  await new Promise((resolve) => process.stdout.write(text, resolve))
  return report.ok ? exit.ok : exit.failed
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { message, code } = error as Partial<MillraceError>
    process.stderr.write(`${message ?? String(error)}\n`)
    process.exit(code === 'ML_USAGE' ? exit.usage : exit.failed)
  },
)
