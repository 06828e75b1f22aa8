import { type Clock, systemClock } from '../clock.js'
import { deployedClient } from '../deployed-client.js'
import { readDeployment, stallVariable } from '../deployment/index.js'
import { writeMetrics } from '../emf.js'
import { asError, MillraceError } from '../errors.js'
import { type Health, openWatch, type Watch } from './look.js'
import { metricsOf } from './metrics.js'

/** What a Function URL takes for an answer. */
export interface HttpAnswer {
  readonly statusCode: 200 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Whoever asks by URL more often gets the same answer again: each look costs reads. Milliseconds. */
const freshMs = 10_000

/** The handler of a service's health function, with what lives as long as its environment. */
export function healthHandler(clock: Pick<Clock, 'now'> = systemClock) {
  let watch: Watch | undefined
  let last: Health | undefined
  const look = async (): Promise<Health> => {
    watch ??= openWatch(deployedClient(), readDeployment(process.env), { clock, stallMs: stallMs() })
    last = await watch.look()
    return last
  }
  return async (event?: unknown): Promise<Health | HttpAnswer> => {
    if (isHttp(event)) {
      if (last !== undefined && clock.now() - last.at < freshMs) return answer(last)
      return look().then(answer, unknown)
    }
    const health = await look()
    const { POWERTOOLS_SERVICE_NAME: service = 'service', AWS_LAMBDA_FUNCTION_NAME: name = 'local' } = process.env
    // Its own name, for the service alone may be deployed to several stages of one account.
    writeMetrics({ service, function: name }, metricsOf(health))
    return health
  }
}

function stallMs(): number {
  const seconds = Number(process.env[stallVariable] ?? 300)
  if (seconds > 0) return seconds * 1000
  throw new MillraceError(
    'ML_DEPLOYMENT_INVALID',
    `${stallVariable} is no number of seconds; let the plugin set it, from custom.millrace.health.stallSeconds`,
  )
}

const answer = (health: Health): HttpAnswer => http(health.status === 'ok' ? 200 : 503, health)

/** The message is for the log: it names what whoever asks need not know. */
function unknown(thrown: unknown): HttpAnswer {
  const error = asError(thrown)
  console.error(error.message)
  return http(503, { status: 'unknown', error: error instanceof MillraceError ? error.code : error.name })
}

function http(statusCode: 200 | 503, body: object): HttpAnswer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return { statusCode, headers, body: JSON.stringify(body) }
}

const isHttp = (event: unknown): boolean =>
  (event as { requestContext?: { http?: object } } | undefined)?.requestContext?.http !== undefined
