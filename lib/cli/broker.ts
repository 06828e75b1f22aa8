import { startBroker } from '../local/broker/index.js'
import type { Command } from './command.js'

/** `millrace broker`: a Kafka broker until it is told to stop. */
export const broker: Command<{ readonly port: number }> = async ({ port }, { voice, stopping }) => {
  const running = await startBroker({ port, log: (line) => voice.say('log', line, { line }) })
  voice.say('listening', `Kafka broker, in memory: ${running.address} (Ctrl-C ends it)`, {
    service: 'broker',
    address: running.address,
    port: running.port,
  })
  await stopping.asked
  await running.stop()
}
