/**
 * `npm run test:lambda`: the project's packaged function, and functions that fail, under Lambda's own runtime client on Node 24,
 * which is compiled once; the store is the embedded one. Without a compiler it says that it was skipped, and why.
 *
 * @module
 */
import { reportAt, runChecks } from '../checklist.js'
import { lambdaChecks } from './checks/index.js'
import { startGround } from './ground.js'
import { missingBuilder, runtimeClient } from './runtime-client.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'

const tell = (line: string) => console.log(line)

async function main(): Promise<number> {
  const report = reportAt('lambda')
  const skipped = missingBuilder()
  if (skipped !== undefined) {
    tell(`skipped: ${skipped}`)
    report({ passed: 0, failed: 0, skipped, checks: [] })
    return 0
  }
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const client = await runtimeClient(tell, interrupt.signal)
  const ground = await startGround(client, interrupt.signal)
  try {
    const checked = await runChecks(lambdaChecks(ground), { signal: interrupt.signal, tell })
    report(checked)
    return checked.failed === 0 ? 0 : 1
  } finally {
    await ground.stop()
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message)
    process.exit(1)
  },
)
