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
  const started: Running[] = []
  let over = false
  const start = async () => {
    if (over) throw new Error('the test is over')
    const running = millrace(['broker', '--port', String(port), '--data', directory, '--json'], directory)
    started.push(running)
    await running.line('listening')
    return running
  }
  const kill = async (running: Running) => {
    running.child.kill('SIGKILL')
    await running.ended
  }
  // Also those that a test which has failed is about to restart.
  closing(undefined, () => {
    over = true
    return Promise.all(started.map(kill))
  })
  let running = await start()
  return {
    address: `127.0.0.1:${port}`,
    port,
    async killAndRestart() {
      await kill(running)
      running = await start()
    },
    output: () => started.map(({ output: { stdout, stderr } }) => stdout + stderr).join(''),
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
