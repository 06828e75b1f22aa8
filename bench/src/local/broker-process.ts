/** The broker alone in a process of its own, started with --expose-gc. */
import { serve } from '../measure/servant.js'
import { type Broker, startBroker } from '../sides/local.js'

let broker: Broker | undefined

async function start(): Promise<string[]> {
  broker = await startBroker()
  return [broker.address]
}

/** Bytes of the process that are in memory, once its garbage is gone. */
function resident(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  return process.memoryUsage().rss
}

serve({ start, resident }, () => broker?.stop())
