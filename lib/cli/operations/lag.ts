import { systemClock } from '../../clock.js'
import { asError, MillraceError } from '../../errors.js'
import type { MappingsPlace, Target } from '../target/index.js'
import { type Configuration, clientOptions } from './lambda.js'
import type { Mapped } from './open.js'
import type { StatusOptions } from './options.js'
import { lagIn, openPositions } from './positions.js'

/** Records that a group has not settled. */
export interface Lag {
  readonly records: number
  /** The brokers told, or a metric of CloudWatch did, by its name: `MaxOffsetLag` is that of the worst partition alone. */
  readonly from: 'brokers' | 'SumOffsetLag' | 'MaxOffsetLag'
  /** Of the metric, epoch ms. */
  readonly at?: number
}

/** Metrics of so many milliseconds are looked at. */
const lookBackMs = 15 * 60_000

/** From the brokers where they can be reached, else from CloudWatch. @throws MillraceError where neither tells, with why */
export async function lagOf(
  target: Target,
  { reads, configuration = {} }: Mapped,
  options: StatusOptions,
): Promise<Lag> {
  const brokers = target.brokersOf(reads)
  const why: string[] = []
  if (brokers.length > 0) {
    try {
      const positions = await openPositions(brokers, options)
      try {
        return { records: lagIn(await positions.of(reads, configuration)), from: 'brokers' }
      } finally {
        await positions.close()
      }
    } catch (error) {
      // A wrong option is said at once, and a local stack has no CloudWatch.
      if (target.mappings.kind === 'local' || isUsage(error)) throw error
      why.push(asError(error).message)
    }
  } else why.push('the brokers are not known: give --brokers')
  const metric = await fromCloudWatch(target.mappings, configuration)
  if (metric) return metric
  throw new Error(
    `${why.join('; ')}; and CloudWatch has no SumOffsetLag of it (the mapping is on demand, or its metrics are off or new)`,
  )
}

const isUsage = (error: unknown): boolean => error instanceof MillraceError && error.code === 'ML_USAGE'

async function fromCloudWatch(place: MappingsPlace, { UUID: uuid }: Configuration): Promise<Lag | undefined> {
  if (uuid === undefined) return undefined
  const { CloudWatch } = await import('@aws-sdk/client-cloudwatch')
  const client = new CloudWatch(clientOptions(place))
  const now = systemClock.now()
  const names = ['SumOffsetLag', 'MaxOffsetLag'] as const
  try {
    const { MetricDataResults: results = [] } = await client.getMetricData({
      StartTime: new Date(now - lookBackMs),
      EndTime: new Date(now),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: names.map((MetricName) => ({
        Id: MetricName.toLowerCase(),
        MetricStat: {
          Metric: {
            Namespace: 'AWS/Lambda',
            MetricName,
            Dimensions: [{ Name: 'EventSourceMappingUUID', Value: uuid }],
          },
          Period: 60,
          Stat: 'Maximum',
        },
      })),
    })
    for (const name of names) {
      const found = results.find(({ Id }) => Id === name.toLowerCase())
      const [records, at] = [found?.Values?.[0], found?.Timestamps?.[0]]
      if (records !== undefined) return { records, from: name, ...(at && { at: at.getTime() }) }
    }
    return undefined
  } finally {
    client.destroy()
  }
}
