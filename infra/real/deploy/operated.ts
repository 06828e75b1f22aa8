import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { GetEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import type { Check } from '../checklist.js'
import { cleanEnvironment, type Ended, run, succeeded } from '../program.js'
import { mappingIds } from './kept.js'
import type { Life } from './life.js'

/** `millrace status | pause | resume` on a deployed stack, with the packed program. */
export function operations({ home, clients, env }: Life, stackName: string): readonly Check[] {
  const millrace = (...args: string[]): Promise<Ended> =>
    run(process.execPath, [join(home.millrace, 'dist/lib/cli/main.js'), ...args, '--stack', stackName, '--json'], {
      cwd: home.millrace,
      env: { ...cleanEnvironment(home.millrace), ...env },
    })
  const stateOf = async (topic: string) => {
    const UUID = (await mappingIds(clients))[topic] ?? ''
    return (await clients.lambda.send(new GetEventSourceMappingCommand({ UUID }))).State
  }
  return [
    {
      name: 'millrace status: tells of each mapping of the deployed stack, and of its alarms',
      async run() {
        const lines = linesOf(await millrace('status'))
        const mappings = lines.filter(({ event }) => event === 'mapping')
        const told = mappings.map(({ topic, state }) => [topic, state]).sort()
        deepEqual(told, [
          ['audit', 'Enabled'],
          ['orders', 'Enabled'],
          ['payments', 'Enabled'],
        ])
        for (const { ledger } of mappings) equal('value' in (ledger ?? {}), true, JSON.stringify(ledger))
        equal(lines.find(({ event }) => event === 'status')?.alarms, 0)
      },
    },
    {
      name: 'millrace pause: Lambda says that the mapping is disabled, and its neighbour goes on',
      async run() {
        succeeded(await millrace('pause', 'orders'))
        deepEqual([await stateOf('orders'), await stateOf('payments')], ['Disabled', 'Enabled'])
        match((await millrace('status')).stdout, /"topic":"orders"[^\n]*"state":"Disabled"/)
      },
    },
    {
      name: 'millrace resume: Lambda says that the mapping is enabled again',
      async run() {
        succeeded(await millrace('resume', 'orders'))
        equal(await stateOf('orders'), 'Enabled')
      },
    },
  ]
}

interface Line {
  readonly event: string
  readonly topic?: string
  readonly state?: string
  readonly ledger?: object
  readonly alarms?: unknown
}

function linesOf({ stdout, output }: Ended): readonly Line[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  if (lines.length === 0) throw new Error(output.slice(-1_500))
  return lines.map((line) => JSON.parse(line))
}
