import { parseArgs } from 'node:util'
import { type BrokerFuzzReport, fuzzBroker } from '../../local/broker/fuzz/index.js'
import { seededRandom } from '../load/index.js'
import { type EventFuzzReport, fuzzEvents } from './events.js'

const usage = `usage: npm run fuzz -- [--requests 10000] [--events 1000] [--seed N] [--json]

  --requests N   so many requests to the broker, most of them spoilt, while another client works undisturbed
  --events N     so many spoilt events to functions on a local store
  --seed N       makes the same requests and events again

Ends with 0 if all held, 1 if something was found, 2 on wrong use.`

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'

interface Report {
  readonly seed: number
  readonly broker: BrokerFuzzReport
  readonly functions: EventFuzzReport
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = read(args)
  if (options === undefined) {
    console.error(usage)
    return 2
  }
  const { requests, events, seed, json } = options
  if (!json) console.log(`seed ${seed}`)
  const broker = await fuzzBroker({ requests, random: seededRandom(seed) })
  const functions = await fuzzEvents({ events, random: seededRandom(seed) })
  const report: Report = { seed, broker, functions }
  console.log(json ? JSON.stringify(report) : text(report))
  return broker.failures.length + functions.failures.length === 0 ? 0 : 1
}

function text({ seed, broker, functions }: Report): string {
  const { fates, apis, canary } = broker
  const refused = Object.entries(functions.refused).map(([code, n]) => `${n} ${code}`)
  const failures = [...broker.failures, ...functions.failures]
  return [
    `${broker.requests} requests of ${apis.answered} of ${apis.served} APIs: ${fates.answered} answered, ${fates.closed} connections ended, ${fates.silent} waiting or incomplete`,
    `  meanwhile an undisturbed client had ${canary.records} records through, the slowest in ${canary.slowestMs} ms; the process grew by ${broker.grownMb} MB`,
    `${functions.events} events: ${functions.answered} answered, ${refused.join(', ')}; ${functions.good} good ones between them handled`,
    ...failures.map((failure) => `FAILED ${failure}`),
    failures.length === 0
      ? 'nothing crashed, nothing hung, nothing leaked'
      : `${failures.length} failures; --seed ${seed} repeats them`,
  ].join('\n')
}

function read(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        requests: { type: 'string', default: '10000' },
        events: { type: 'string', default: '1000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
        json: { type: 'boolean', default: false },
      },
    })
    const [requests, events, seed] = [values.requests, values.events, values.seed].map(Number)
    const fits = [requests, events, seed].every((n) => Number.isSafeInteger(n) && (n ?? -1) >= 0)
    return fits ? { requests: requests ?? 0, events: events ?? 0, seed: seed ?? 0, json: values.json } : undefined
  } catch {
    return undefined
  }
}
