/**
 * Installs what the lanes need, as far as it can be had here: CI does so while tests run, because most of it is waiting. What fails is
 * told and no more; the lane concerned tries it again and says what to do.
 *
 * @module
 */
import { join } from 'node:path'
import { asError } from '../../lib/errors.js'
import { root } from '../../tools/project.js'
import { missingTool } from './java.js'
import { missingBuilder, runtimeClient } from './lambda/runtime-client.js'
import { dynamodbJars, installJars, kafkaJars } from './maven.js'
import { installPython } from './moto/index.js'

const tell = (line: string) => console.log(line)
const cache = join(root, '.cache')
const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt.abort())

async function jars(): Promise<void> {
  if (missingTool() !== undefined) return
  for (const wanted of [kafkaJars, dynamodbJars]) await installJars(wanted, join(cache, 'real'), tell)
}

/** One after the other: what is waited for is the network, and the tests beside it need the processors. */
for (const install of [
  () => installPython(cache, tell),
  jars,
  async () => missingBuilder() ?? (await runtimeClient(tell, interrupt.signal)),
]) {
  if (interrupt.signal.aborted) break
  await install().catch((error: unknown) => tell(asError(error).message))
}
