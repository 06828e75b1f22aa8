import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from 'kafkajs'
import { asError, type MillraceError } from '../../errors.js'
import type { Bell } from './bell.js'
import type { RecordBuffer } from './buffer.js'
import type { MappingConfig } from './config.js'
import { failed } from './failed.js'
import { unlessLate } from './goodbye.js'
import { assignmentLine, type GroupEvent } from './group-event.js'
import type { Log, Offsets } from './kafka.js'
import { pause } from './pause.js'

/** In milliseconds, where nothing else is said. */
const heartbeatMs = 1000

/** How long a commit that failed, or a consumer that could not start, waits before it is tried again, in milliseconds. */
const againMs = 500

/** The member of the consumer group that fills one poller's buffer. */
export interface Intake {
  /** How often it was given its partitions. */
  readonly joins: number
  /**
   * Commits what is settled, also what is settled before it resolves; one commit travels at a time. Gives up silently on
   * partitions that are no longer ours: their next owner reads them again.
   */
  commit(): Promise<void>
  /** Leaves the group. */
  close(): Promise<void>
}

/** Settings of the consumer, as Kafka has them; `group.id` and `auto.offset.reset` are the mapping's own. */
export interface ConsumerOptions {
  /** `session.timeout.ms`: a member that is not heard of for so long is out. Default 10,000. */
  readonly sessionTimeoutMs?: number
  /** `heartbeat.interval.ms`, below a third of the session timeout. Default 1,000. */
  readonly heartbeatIntervalMs?: number
  /** `rebalance.timeout.ms`: how long members have to join again. Default 30,000. */
  readonly rebalanceTimeoutMs?: number
  /** `metadata.max.age.ms`: how soon new partitions are seen. Default 30,000. */
  readonly metadataMaxAgeMs?: number
  /** `fetch.max.wait.ms`. One connection carries fetches and commits: a long one holds commits back. Default 100. */
  readonly maxWaitMs?: number
  /** `max.partition.fetch.bytes`. Default 1,048,576. */
  readonly maxBytesPerPartition?: number
}

interface IntakeContext {
  readonly kafka: Kafka
  readonly consumer: ConsumerOptions
  readonly config: MappingConfig
  readonly buffer: RecordBuffer
  /** Starting offsets not yet committed; shared by the pollers of a mapping. */
  readonly starts: Offsets
  /** Once aborted, a commit that fails is not tried again. */
  readonly stopping: AbortSignal
  /** Rung when the buffer changes, from either side. */
  readonly bell: Bell
  readonly log: Log
  readonly poller: string
  readonly onGroup: (event: GroupEvent) => void
  /** Takes what goes wrong with the source. */
  readonly onError: (error: MillraceError) => void
}

/** Joins the group and reads into the buffer until closed, through restarts of the broker and rebalances. */
export async function openIntake(context: IntakeContext): Promise<Intake> {
  const { config, buffer, starts, bell, log, onGroup } = context
  const { topic } = config
  const names = { mapping: config.id, poller: context.poller }
  let closed = false
  let joins = 0
  let consumer: Consumer | undefined
  let restarting: Promise<void> | undefined
  let committing: Promise<void> | undefined

  async function join(): Promise<Consumer> {
    const joining = newConsumer(context, async () => !closed)
    joining.on(joining.events.GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      const partitions = memberAssignment[topic] ?? []
      log(assignmentLine(buffer.partitions, partitions))
      const seeks = buffer.assign(memberId, partitions, starts)
      for (const [partition, offset] of seeks) joining.seek({ topic, partition, offset: String(offset) })
      joins++
      onGroup({ kind: 'assigned', ...names, partitions })
      bell.ring()
    })
    // A block in which the client filtered everything (control records, aborted transactions) shows only here.
    joining.on(joining.events.END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      if (batchSize === 0 && buffer.add(partition, [], Number(lastOffset) + 1, Date.now())) bell.ring()
    })
    joining.on(joining.events.CRASH, onCrash)
    try {
      await joining.connect()
      await joining.subscribe({ topic, fromBeginning: true })
      await joining.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: takeIn })
      return joining
    } catch (error) {
      await leave(joining.disconnect())
      throw error
    }
  }

  async function takeIn({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const over = () => closed || !isRunning() || isStale()
    while (!over() && !buffer.hasRoom) {
      // Not returning is what holds the client back; it would not tell the group that it lives meanwhile.
      await bell.wait(context.consumer.heartbeatIntervalMs ?? heartbeatMs)
      await heartbeat()
    }
    const last = batch.messages.at(-1)
    if (over() || !last) return
    if (!buffer.add(batch.partition, batch.messages, Number(batch.lastOffset()) + 1, Date.now())) return
    resolveOffset(last.offset)
    bell.ring()
  }

  function onCrash({ payload: { error, restart } }: ConsumerCrashEvent): void {
    buffer.clear()
    const then = closed ? 'it is closed' : 'it starts again'
    context.onError(failed(`the consumer failed (${error.message}); ${then}`, error))
    // The client starts itself again unless it takes the error for final; a mapping never does.
    if (!restart && !closed) restarting = startAgain()
  }

  async function startAgain(): Promise<void> {
    for (;;) {
      await bell.wait(againMs)
      if (closed) return
      try {
        consumer = await join()
        // Too late for a close that has not waited.
        if (closed) await leave(consumer.disconnect())
        return
      } catch (error) {
        context.onError(failed(`the consumer could not start again (${asError(error).message}); it tries on`, error))
      }
    }
  }

  async function commitAll(): Promise<void> {
    for (let offsets = buffer.uncommitted(); offsets.size > 0; offsets = buffer.uncommitted()) {
      try {
        const list = [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) }))
        if (consumer) await unlessLate(consumer.commitOffsets(list), context.stopping)
        buffer.committed(offsets)
        for (const partition of offsets.keys()) starts.delete(partition)
        onGroup({ kind: 'committed', ...names, offsets: Object.fromEntries(offsets) })
      } catch (error) {
        context.onError(failed(`offsets were not committed (${asError(error).message}); it tries again`, error))
        if (!(await pause(againMs, context.stopping))) break
      }
    }
    committing = undefined
  }

  async function leave(leaving: Promise<void> | undefined): Promise<void> {
    try {
      if (leaving) await unlessLate(leaving, context.stopping)
    } catch (error) {
      log(`the consumer did not leave its group: ${asError(error).message}`)
    }
  }

  consumer = await join()
  return {
    get joins() {
      return joins
    },
    commit: () => {
      if (buffer.uncommitted().size > 0) committing ??= commitAll()
      return committing ?? Promise.resolve()
    },
    close: async () => {
      closed = true
      bell.ring()
      await leave(restarting)
      await leave(consumer?.disconnect())
    },
  }
}

function newConsumer({ kafka, config, consumer }: IntakeContext, restartOnFailure: () => Promise<boolean>): Consumer {
  return kafka.consumer({
    groupId: config.group,
    sessionTimeout: consumer.sessionTimeoutMs ?? 10_000,
    heartbeatInterval: consumer.heartbeatIntervalMs ?? heartbeatMs,
    rebalanceTimeout: consumer.rebalanceTimeoutMs ?? 30_000,
    metadataMaxAge: consumer.metadataMaxAgeMs ?? 30_000,
    maxWaitTimeInMs: consumer.maxWaitMs ?? 100,
    maxBytesPerPartition: consumer.maxBytesPerPartition ?? 1_048_576,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5, restartOnFailure },
  })
}
