import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../cold-start/bundle.js'
import { brokers } from '../local/brokers.js'
import { dev } from '../local/dev.js'
import { endToEnd, endToEndTopics } from '../local/end-to-end.js'
import { latency, latencyTopics } from '../local/latency.js'
import { memory } from '../local/memory.js'
import type { System, SystemPlan } from '../local/types.js'
import { startServant } from '../measure/servant.js'
import type { Result, Suite, SuiteOptions } from '../result.js'

/** The local runtime: what runs a service on one machine, each part in processes of its own as it is there. */
export const local: Suite = async (options) => [
  ...(await onSystem(options)),
  ...(await brokers(options)),
  await memory(options),
  ...(await dev(options)),
]

async function onSystem(options: SuiteOptions): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const servant = startServant('local/system-process.js')
  try {
    const { path } = await bundle('bench/dist/local/handler.js', join(folder, 'function.cjs'))
    const plan: SystemPlan = { topics: [...endToEndTopics(options), ...latencyTopics], bundle: path }
    const system = await servant.ask<System>('start', plan)
    return [...(await endToEnd(servant, system, options)), ...(await latency(servant, system, options))]
  } finally {
    await servant.end()
    await rm(folder, { recursive: true })
  }
}
