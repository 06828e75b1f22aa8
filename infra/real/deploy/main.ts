/**
 * `npm run test:deploy`: services with the plugin deployed, changed and removed by the real `serverless` on moto, their templates
 * checked by cfn-lint. Python's installer brings both. Without Python it says that it was skipped, and why.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../../tools/project.js'
import { installPython, Skipped, startMoto } from '../moto/index.js'
import { type Checked, checkList } from './checks.js'
import { makeHome } from './home.js'
import { life } from './life.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

const tell = (line: string) => console.log(line)

/** Where the counts are left. */
const reportPath = join(root, '.cache/reports/deploy.json')

function report(checks: readonly Checked[], skipped?: string): void {
  const failed = checks.filter(({ ok }) => !ok).length
  mkdirSync(dirname(reportPath), { recursive: true })
  writeFileSync(reportPath, JSON.stringify({ passed: checks.length - failed, failed, skipped, checks }))
}

async function main(): Promise<number> {
  rmSync(reportPath, { force: true })
  const began = Date.now()
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const { check, all } = checkList(tell)
  const python = await installPython(join(root, '.cache'), tell)
  const home = await makeHome()
  try {
    const moto = await startMoto(python, interrupt.signal)
    try {
      await life(home, moto.address, check)
    } finally {
      await moto.stop()
    }
  } finally {
    await home.remove()
  }
  report(all)
  const failed = all.filter(({ ok }) => !ok).length
  tell(`${all.length - failed} passed, ${failed} failed, in ${Math.round((Date.now() - began) / 1000)} s`)
  return failed === 0 ? 0 : 1
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    if (!(error instanceof Skipped)) {
      console.error(error)
      process.exit(1)
    }
    tell(`skipped: ${error.message}`)
    report([], error.message)
    process.exit(0)
  },
)
