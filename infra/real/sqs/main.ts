/**
 * `npm run test:sqs`: the conformance kit on the sink for SQS queues, against moto, which Python's installer brings and which is
 * stopped in the end. Without Python it says that it was skipped, and why.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sinkConformance } from '../../../lib/testing/index.js'
import { root } from '../../../tools/project.js'
import { installPython, Skipped, startMoto } from '../moto/index.js'
import { queueWithSink } from './queue.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'

const tell = (line: string) => console.log(line)

/** Where the counts are left. */
const reportPath = join(root, '.cache/reports/sqs.json')

function report(counts: { readonly passed: number; readonly failed: number; readonly skipped?: string }): void {
  mkdirSync(dirname(reportPath), { recursive: true })
  writeFileSync(reportPath, JSON.stringify(counts))
}

async function main(): Promise<number> {
  rmSync(reportPath, { force: true })
  const python = await installPython(join(root, '.cache'), tell)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const moto = await startMoto(python, interrupt.signal)
  const failed: string[] = []
  try {
    const checks = sinkConformance({ make: () => queueWithSink(moto.address) })
    for (const { name, run } of checks) {
      interrupt.signal.throwIfAborted()
      const problem = await run().then(
        () => undefined,
        (error: Error) => error.message,
      )
      tell(problem === undefined ? `ok: ${name}` : `FAILED: ${name}: ${problem}`)
      if (problem !== undefined) failed.push(name)
    }
    tell(`${checks.length - failed.length} passed, ${failed.length} failed`)
    report({ passed: checks.length - failed.length, failed: failed.length })
  } finally {
    await moto.stop()
  }
  return failed.length === 0 ? 0 : 1
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    if (error instanceof Skipped) {
      tell(`skipped: ${error.message}`)
      report({ passed: 0, failed: 0, skipped: error.message })
      process.exit(0)
    }
    console.error(error.message)
    process.exit(1)
  },
)
