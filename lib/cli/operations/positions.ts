import type { Admin } from 'kafkajs'
import type { StackFunction } from '../../deployment/index.js'
import { asError, MillraceError } from '../../errors.js'
import { clientSecurity } from '../../kafka/index.js'
import { kafkaClient } from '../../local/esm/index.js'
import { type SecurityOptions, securityOf } from '../kafka-security.js'
import { boundsOf, committedOf } from '../offsets.js'
import type { Configuration } from './lambda.js'

/** How far a group is in a partition. */
export interface Position {
  readonly partition: number
  /** The next offset that the group reads: the committed one, or else where its mapping starts. */
  readonly next: number
  /** The offset after the last record. */
  readonly end: number
}

/** A command asks a few times, and says so where nobody answers; a mapping would go on for longer. */
const tries = {
  connectionTimeout: 2_000,
  requestTimeout: 5_000,
  retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 2 },
}

/** Asks Kafka about groups. */
export interface Positions {
  /** By partition, in their order. @throws MillraceError `ML_LOCAL_TOPIC_MISSING`, `ML_KAFKA_UNREACHABLE` */
  of(reads: StackFunction, start: Starting): Promise<readonly Position[]>
  close(): Promise<void>
}

type Starting = Pick<Configuration, 'StartingPosition' | 'StartingPositionTimestamp'>

/** @throws MillraceError `ML_USAGE` for security options that do not fit; `ML_KAFKA_UNREACHABLE` */
export async function openPositions(brokers: readonly string[], options: SecurityOptions): Promise<Positions> {
  const security = clientSecurity(securityOf(options))
  const admin = kafkaClient('millrace-cli', brokers, () => undefined, { ...security, ...tries }).admin()
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof MillraceError) throw cause
      throw new MillraceError(
        'ML_KAFKA_UNREACHABLE',
        `Kafka does not answer at ${brokers.join(', ')}: ${asError(cause).message}; look at --brokers, KAFKA_BROKERS and the network`,
        { cause },
      )
    }
  }
  try {
    await asked(() => admin.connect())
  } catch (error) {
    await admin.disconnect()
    throw error
  }
  return {
    of: (reads, start) => asked(() => positionsOf(admin, reads, start)),
    close: () => admin.disconnect(),
  }
}

async function positionsOf(admin: Admin, { topic, group }: StackFunction, start: Starting): Promise<Position[]> {
  const bounds = await boundsOf(admin, topic)
  const committed = await committedOf(admin, group, topic)
  const starts = await startsOf(admin, topic, start)
  return bounds.map(({ partition, low, high }) => {
    // What Kafka has deleted meanwhile, nobody reads any more.
    const next = Math.max(low, committed.get(partition) ?? starts(partition, low, high))
    return { partition, next: Math.min(next, high), end: high }
  })
}

/** Where a partition starts that the group has committed nothing of. */
async function startsOf(
  admin: Admin,
  topic: string,
  { StartingPosition: from, StartingPositionTimestamp: at }: Starting,
): Promise<(partition: number, low: number, high: number) => number> {
  if (from === 'LATEST') return (_, __, high) => high
  if (from !== 'AT_TIMESTAMP' || at === undefined) return (_, low) => low
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, at.getTime())
  return (partition, _, high) => Number(found.find((one) => one.partition === partition)?.offset ?? high)
}

/** Records between where groups are and the ends, by offsets. */
export const lagIn = (positions: readonly Position[]): number =>
  positions.reduce((sum, { next, end }) => sum + end - next, 0)
