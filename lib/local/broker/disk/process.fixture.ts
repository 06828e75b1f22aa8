import { once } from 'node:events'
import { createServer } from 'node:net'
import { millrace, type Running } from '../../../cli/cli.fixture.js'
import { closing } from '../kafkajs.fixture.js'

/** A broker in a process of its own, on one port and one directory however often it dies. */
export interface BrokerProcess {
  readonly address: string
  readonly port: number
  /** Ends the process without a chance to do anything, and starts another one. */
  killAndRestart(): Promise<void>
  /** What all of them have said. */
  output(): string
}

export async function brokerProcess(directory: string): Promise<BrokerProcess> {
  const port = await freePort()
  const said: Running['output'][] = []
  const start = async () => {
    const running = millrace(['broker', '--port', String(port), '--data', directory, '--json'], directory)
    said.push(running.output)
    await running.line('listening')
    return running
  }
  let running = await start()
  const kill = async () => {
    running.child.kill('SIGKILL')
    await running.ended
  }
  closing(undefined, kill)
  return {
    address: `127.0.0.1:${port}`,
    port,
    async killAndRestart() {
      await kill()
      running = await start()
    },
    output: () => said.map(({ stdout, stderr }) => stdout + stderr).join(''),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}
