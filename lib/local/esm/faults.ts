import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, Kafka } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import type { MappingConfig } from './config.js'

/** How long a rebalance may take, in milliseconds: members that do not answer are out after 30 seconds. */
const rebalanceLimitMs = 60_000

/** A member of the group that counts how often it was given its partitions. */
interface Member {
  readonly joins: number
}

/**
 * Makes the group give out its partitions twice: to one member more, and again without it. Resolves when the members given
 * here have joined both times.
 *
 * @throws MillraceError `ML_LOCAL_SOURCE_FAILED` when the group does not come to rest
 */
export async function forceRebalance(kafka: Kafka, config: MappingConfig, members: readonly Member[]): Promise<void> {
  const until = Date.now() + rebalanceLimitMs
  const before = members.map(({ joins }) => joins)
  const extra = kafka.consumer({ groupId: config.group, maxWaitTimeInMs: 100, retry: { retries: 5 } })
  try {
    await join(extra, config)
  } finally {
    await extra.disconnect()
  }
  while (members.some(({ joins }, index) => joins < (before[index] ?? 0) + 2)) {
    if (Date.now() > until) throw unsettled(config)
    await delay(20)
  }
}

async function join(extra: Consumer, { topic }: MappingConfig): Promise<void> {
  const joined = new Promise<void>((resolve, reject) => {
    extra.on(extra.events.GROUP_JOIN, () => resolve())
    extra.on(extra.events.CRASH, ({ payload: { error } }) => reject(error))
  })
  await extra.connect()
  await extra.subscribe({ topic })
  // It reads nothing that counts: what it is given is neither resolved nor committed.
  await extra.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined })
  await joined
}

const unsettled = ({ id, group }: MappingConfig): MillraceError =>
  new MillraceError(
    'ML_LOCAL_SOURCE_FAILED',
    `the group "${group}" of the mapping ${id} did not come to rest within a minute; see the log for members that do not answer`,
  )
