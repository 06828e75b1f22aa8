/**
 * `npm run test:deploy`: services with the plugin packaged, deployed, changed and removed by the real `serverless`, on moto, and
 * read back by the real clients; their templates checked by cfn-lint. Python's installer brings both. Without Python it says that
 * it was skipped, and why.
 *
 * @module
 */
import { join } from 'node:path'
import { root } from '../../../tools/project.js'
import { type Check, type Checked, reportAt, runChecks } from '../checklist.js'
import { installPython, requirePython, Skipped, startMoto } from '../moto/index.js'
import { serverless } from '../program.js'
import type { Service } from '../services/service.js'
import { clientsOf, motoEnvironment } from './clients.js'
import { example } from './examples.js'
import { type Home, makeHome } from './home.js'
import { type Life, life } from './life.js'
import { linting } from './lint.js'
import { exampleNames, packaging } from './packaged.js'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

const tell = (line: string) => console.log(line)

async function run(home: Home, signal: AbortSignal): Promise<Checked> {
  const inOrder = (checks: readonly Check[]) => runChecks(checks, { signal, tell })
  const services = packaging(home)
  // Two at a time, and the rest of two processors for Python's installer.
  const [python, ...packaged] = await Promise.all([
    installPython(join(root, '.cache'), tell),
    inOrder(services.filter((_, index) => index % 2 === 0)),
    inOrder(services.filter((_, index) => index % 2 === 1)),
  ])
  const onShop = await startMoto(python, signal)
  const onExamples = await startMoto(python, signal)
  try {
    const examples = services.filter(({ about }) => exampleNames.includes(about))
    const deployed = await Promise.all([
      inOrder(life(lifeOn(home, onShop))),
      inOrder([...linting(services, python), ...examples.flatMap((one) => example(one, lifeOn(home, onExamples)))]),
    ])
    return merged([...packaged, ...deployed])
  } finally {
    await Promise.all([onShop.stop(), onExamples.stop()])
  }
}

function lifeOn(home: Home, { address }: Service): Life {
  const env = motoEnvironment(address)
  return { home, env, clients: clientsOf(address), serverless: (folder, ...args) => serverless(folder, args, env) }
}

function merged(parts: readonly Checked[]): Checked {
  const sum = (of: 'passed' | 'failed') => parts.reduce((all, part) => all + part[of], 0)
  return { passed: sum('passed'), failed: sum('failed'), checks: parts.flatMap(({ checks }) => checks) }
}

async function main(): Promise<number> {
  const began = performance.now()
  const report = reportAt('deploy')
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  try {
    await requirePython()
    const home = await makeHome()
    try {
      const checked = await run(home, interrupt.signal)
      report(checked)
      const seconds = Math.round((performance.now() - began) / 1000)
      tell(`all: ${checked.passed} passed, ${checked.failed} failed, in ${seconds} s`)
      return checked.failed === 0 ? 0 : 1
    } finally {
      await home.remove()
    }
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    tell(`skipped: ${error.message}`)
    report({ passed: 0, failed: 0, skipped: error.message, checks: [] })
    return 0
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message)
    process.exit(1)
  },
)
