/**
 * `npm run test:sqs`: the conformance kit on the sink for SQS queues, against moto, which Python's installer brings and which is
 * stopped in the end. Without Python it says that it was skipped, and why.
 *
 * @module
 */
import { join } from 'node:path'
import { sinkConformance } from '../../../lib/testing/index.js'
import { root } from '../../../tools/project.js'
import { runChecks } from '../checklist.js'
import { runLane } from '../lane.js'
import { installPython, startMoto } from '../moto/index.js'
import { queueWithSink } from './queue.js'

runLane('sqs', async (context) => {
  const moto = await startMoto(await installPython(join(root, '.cache'), context.tell), context.signal)
  try {
    // moto does one thing at a time.
    return await runChecks(sinkConformance({ make: () => queueWithSink(moto.address), soonMs: 30_000 }), context)
  } finally {
    await moto.stop()
  }
})
