import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Service, startService } from '../services/service.js'

/** A line of `millrace dev --json`, as far as it is looked at. */
interface Line {
  readonly event: string
  readonly brokers?: readonly string[]
  readonly dynamodbUrl?: string
  readonly records?: number
  readonly again?: number
}

/** `millrace dev` of a service, as `npm run dev` starts it, but on ports that are free. */
export interface Dev {
  /** What it would not have to be told on the ports that are meant for it. */
  readonly variables: Readonly<Record<string, string>>
  /** Resolves when its function has settled so many records. */
  settled(count: number): Promise<void>
  stop(): Promise<void>
}

/** A function that has not settled its records by then does not. Milliseconds. */
const patienceMs = 30_000

/** The folder is removed when it stops. @throws MillraceError `ML_REAL_START` */
export async function startDev(folder: string, logFile: string, signal: AbortSignal): Promise<Dev> {
  const lines = () => linesOf(readFileSync(logFile, 'utf8'))
  const listening = () => lines().find(({ event }) => event === 'listening')
  const command = join(folder, 'node_modules/.bin/millrace')
  const args = ['dev', '--json', '--broker-port', '0', '--dynamodb-port', '0']
  const dev: Service = await startService(
    {
      ...{ name: 'millrace dev', address: '', command, args, logFile, scratch: folder },
      ask: async () => listening() !== undefined,
    },
    signal,
  )
  const { brokers = [], dynamodbUrl = '' } = listening() ?? {}
  return {
    variables: { KAFKA_BROKERS: brokers.join(','), AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl },
    stop: dev.stop,
    async settled(count) {
      const settledOf = ({ records = 0, again = 0 }: Line) => records - again
      for (const deadline = Date.now() + patienceMs; ; await delay(100, undefined, { signal })) {
        const batches = lines().filter(({ event }) => event === 'batch')
        const sum = batches.reduce((all, batch) => all + settledOf(batch), 0)
        if (sum >= count) return
        if (Date.now() > deadline)
          throw new Error(`${sum} of ${count} records are settled after ${patienceMs / 1000} s`)
      }
    },
  }
}

/** The last line may not be whole yet. */
function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
}
