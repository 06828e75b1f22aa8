/**
 * `npm run test:lambda`: the project's packaged function, and functions that fail, under Lambda's own runtime client on Node 24,
 * which is compiled once; the store is the embedded one. Without a compiler it says that it was skipped, and why.
 *
 * @module
 */
import { runChecks } from '../checklist.js'
import { runLane, Skipped } from '../lane.js'
import { lambdaChecks } from './checks/index.js'
import { startGround } from './ground.js'
import { missingBuilder, runtimeClient } from './runtime-client.js'

runLane('lambda', async (context) => {
  const missing = missingBuilder()
  if (missing !== undefined) throw new Skipped(missing)
  const client = await runtimeClient(context.tell, context.signal)
  const ground = await startGround(client, context.signal)
  try {
    return await runChecks(lambdaChecks(ground), context)
  } finally {
    await ground.stop()
  }
})
