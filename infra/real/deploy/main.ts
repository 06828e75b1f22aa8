/**
 * `npm run test:deploy`: services with the plugin packaged, deployed, changed and removed by the real `serverless`, on moto, and
 * read back by the real clients; their templates checked by cfn-lint. Python's installer brings both. Without Python it says that
 * it was skipped, and why.
 *
 * @module
 */
import { join } from 'node:path'
import { root } from '../../../tools/project.js'
import { type Check, type Checked, runChecks } from '../checklist.js'
import { type LaneContext, runLane } from '../lane.js'
import { installPython, requirePython, startMoto } from '../moto/index.js'
import { serverless } from '../program.js'
import type { Service } from '../services/service.js'
import { clientsOf, motoEnvironment } from './clients.js'
import { example } from './examples.js'
import { type Home, makeHome } from './home.js'
import { type Life, life } from './life.js'
import { linting } from './lint.js'
import { exampleNames, packaging } from './packaged.js'

async function run(home: Home, { signal, tell }: LaneContext): Promise<Checked> {
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

runLane('deploy', async (context) => {
  await requirePython()
  const home = await makeHome()
  try {
    return await run(home, context)
  } finally {
    await home.remove()
  }
})
