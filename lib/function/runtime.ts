import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { type Clock, systemClock } from '../clock.js'
import { type Deduplicator, type Idempotency, openDeduplicator } from '../dedupe/index.js'
import { deployedClient } from '../deployed-client.js'
import { type Deployment, type Mapping, metricNamespace, readDeployment } from '../deployment/index.js'
import type { Engine } from '../engine/index.js'
import { MillraceError } from '../errors.js'
import { dynamodbStore, type Ledger, openLedger } from '../ledger/index.js'
import { type FallbackSink, failuresSink, fallbackOf, opening } from '../sink/index.js'
import { closeAtEnd } from './close-at-end.js'
import type { Settings } from './options.js'
import { redrivenTtlSeconds, redriveReservation } from './redriven.js'

/** What lives as long as the execution environment, for the source of one mapping. */
export interface Runtime {
  readonly mapping: Mapping
  readonly ledger: Ledger
  readonly deduplicator: Deduplicator | undefined
  /** What redriven records are. */
  readonly redriven: NonNullable<Engine['reserve']>
  readonly fallback: FallbackSink
  readonly onSuccess: Engine['onSuccess']
  /**
   * Opens the sinks that are not open yet, in so many milliseconds.
   *
   * @throws MillraceError `ML_SINK_FAILED`
   */
  openSinks(bootstrapServers: string | undefined, ms: number): Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  /** The handlers' own. */
  readonly metrics: Metrics
  readonly serviceName: string
}

type RuntimeOptions = Pick<Settings<unknown, unknown>, 'leaseMs' | 'delivery' | 'onSuccess' | 'fallback'> & {
  readonly idempotency: Pick<Idempotency<unknown>, 'scope' | 'ttlSeconds'> | undefined
}

/**
 * Opens, once per environment and topic, what a function needs; not before its first invocation, so that importing a handler
 * asks for nothing.
 */
export function runtimes(settings: RuntimeOptions): (topic: string) => Runtime {
  const sinks = [settings.onSuccess, settings.fallback].filter((sink) => sink !== undefined)
  const openAll = opening(sinks)
  let shared: ReturnType<typeof open> | undefined
  const byTopic = new Map<string, Runtime>()
  return (topic) => {
    if (shared === undefined) closeAtEnd(sinks)
    shared ??= open()
    const runtime = byTopic.get(topic) ?? runtimeOf(topic, shared, settings, openAll)
    byTopic.set(topic, runtime)
    return runtime
  }
}

function open() {
  const name = serviceName()
  return {
    deployment: readDeployment(process.env),
    client: deployedClient(),
    serviceName: name,
    logger: new Logger({ serviceName: name }),
    metrics: new Metrics({ namespace: metricNamespace, serviceName: name }),
  }
}

function runtimeOf(
  topic: string,
  { deployment, client, logger, metrics, serviceName }: ReturnType<typeof open>,
  { leaseMs, delivery, idempotency, onSuccess, fallback }: RuntimeOptions,
  openAll: ReturnType<typeof opening>,
): Runtime {
  const mapping = mappingOf(topic, deployment)
  const { group, withholds } = mapping
  const clock = systemClock
  const table = deployment.ledgerTable
  const store = dynamodbStore(client, table)
  const keys = { client, table, store, clock, group }
  const functionVersion = process.env.AWS_LAMBDA_FUNCTION_VERSION ?? '$LATEST'
  const giver = { group, functionName: functionName(), functionVersion }
  const originals = openDeduplicator({ ...keys, scope: 'group', ttlSeconds: redrivenTtlSeconds })
  return {
    mapping,
    clock,
    logger,
    metrics,
    serviceName,
    ledger: openLedger({ store, clock, group, leaseMs, withholds, delivery }),
    deduplicator: idempotency && openDeduplicator({ ...keys, ...idempotency }),
    redriven: redriveReservation(group, originals, clock.now),
    fallback:
      fallback === undefined
        ? failuresSink({ client, table: deployment.failuresTable, clock, ...giver })
        : fallbackOf(fallback, giver, clock),
    onSuccess: onSuccess && { sink: onSuccess, group },
    openSinks: (bootstrapServers, ms) =>
      openAll({ group, functionName: giver.functionName, bootstrapServers, clock }, ms),
  }
}

/** Powertools would say "service_undefined". */
export const serviceName = (): string => process.env.POWERTOOLS_SERVICE_NAME ?? functionName()

export const functionName = (): string => process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'local'

function mappingOf(topic: string, { mappings }: Deployment): Mapping {
  const mapping = mappings.find((one) => one.topic === topic)
  if (mapping !== undefined) return mapping
  throw new MillraceError(
    'ML_EVENT_NO_MAPPING',
    `the event is of the topic ${topic}, but this function is deployed for ${mappings.map((one) => one.topic).join(', ') || 'none'}; ` +
      'add the event to the function in serverless.yml, or send the topic it is deployed for',
  )
}
