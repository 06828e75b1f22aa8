import { startBroker } from '../local/broker/index.js'
import type { Command } from './command.js'

interface BrokerFlags {
  readonly port: number
  /** directory that keeps the records */
  readonly data?: string
}

/** `millrace broker`: a Kafka broker until it is told to stop. */
export const broker: Command<BrokerFlags> = async ({ port, data }, { voice, stopping }) => {
  const log = (line: string) => voice.say('log', line, { line })
  const running = await startBroker({ port, log, ...(data !== undefined && { dataDir: data }) })
  voice.say('listening', `Kafka broker, in ${data ?? 'memory'}: ${running.address} (Ctrl-C ends it)`, {
    service: 'broker',
    address: running.address,
    port: running.port,
  })
  await stopping.asked
  await running.stop()
}
