import type { Kafka } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import { bell } from './bell.js'
import { RecordBuffer } from './buffer.js'
import { type Attempt, attempt, type Delivery, deliverBatch } from './deliver.js'
import { jsonBytes, payloadLimit } from './event.js'
import type { Filter } from './filter/index.js'
import type { GroupEvent } from './group-event.js'
import { type ConsumerOptions, openIntake } from './intake.js'
import type { Log, Offsets } from './kafka.js'
import { withoutOversized } from './oversized.js'
import { pause } from './pause.js'
import { windowLeftMs } from './window.js'

/** One poller of a mapping: a member of the group with one batch in flight at most. */
export interface Poller {
  readonly id: string
  /** How often the group gave it its partitions. */
  readonly joins: number
  readonly partitions: readonly number[]
  /** How far partitions are read of which only filtered records are left to commit. */
  readonly withheld: Offsets
  /** Something is in flight, buffered, or waiting to be delivered again. */
  readonly busy: boolean
  owns(identifier: string): boolean
  /** Delivers an event once more, between two batches. */
  redeliver(event: KafkaEvent): Promise<Attempt>
  /** Finishes the invocation in flight, commits what is settled, leaves the group. */
  stop(): Promise<void>
}

/** What a poller is given. */
export interface PollerContext extends Omit<Delivery, 'pause' | 'owned' | 'onProgress'> {
  readonly kafka: Kafka
  readonly consumer: ConsumerOptions
  readonly starts: Offsets
  readonly filter: Filter | undefined
  readonly nextBatch: () => number
  readonly log: Log
  readonly onFailure: (error: unknown) => void
  readonly onGroup: (event: GroupEvent) => void
  /** Until when no invocation starts, in epoch milliseconds. */
  readonly heldUntil: () => number
}

interface Redelivery {
  readonly event: KafkaEvent
  readonly resolve: (attempt: Attempt) => void
  readonly reject: (error: Error) => void
}

export async function startPoller(context: PollerContext): Promise<Poller> {
  const { config, envelope, filter, switches, log } = context
  const limits = {
    records: config.batchSize,
    bytes: payloadLimit,
    envelopeBytes: jsonBytes({ ...envelope, records: {} }),
  }
  const buffer = new RecordBuffer({ topic: config.topic, limits, filter, switches })
  const changed = bell()
  const stopping = new AbortController()
  const redeliveries: Redelivery[] = []
  let inFlight = false
  const last = { completeAt: 0, invokedAt: 0 }

  const delivery: Delivery = {
    ...context,
    beforeInvoke: async (event, position) => {
      await held(context, stopping.signal)
      await unlessStopped(context.beforeInvoke(event, position), stopping.signal)
    },
    owned: (identifier) => buffer.owns(identifier),
    pause: (ms) => pause(ms, stopping.signal),
    onProgress: async (left) => {
      if (switches.partialCommit === 'with-batch') return
      buffer.settle(left)
      await intake.commit()
    },
  }
  const intake = await openIntake({ ...context, buffer, bell: changed, stopping: stopping.signal })

  /** How long the batch stays open: 0 when it is to be sent now, undefined while there is nothing to send. */
  const remainingWindowMs = (): number | undefined => {
    if (buffer.empty) return undefined
    if (buffer.full) return 0
    return windowLeftMs(config, { ...last, arrivedAt: buffer.oldestArrival }, Date.now())
  }

  const commit = (): void => void intake.commit().catch(context.onFailure)

  const runBatch = async (): Promise<void> => {
    const taken = buffer.take()
    last.completeAt = Date.now()
    changed.ring()
    const records = await withoutOversized(delivery, taken, buffer)
    if (!records || (Object.keys(records).length > 0 && !(await deliverBatch(delivery, context.nextBatch(), records))))
      return
    // The last commit travelled meanwhile, and this one does while the next batch runs: a crash brings back one batch more.
    await intake.commit()
    buffer.settle([])
    commit()
  }

  const runRedelivery = async ({ event, resolve }: Redelivery): Promise<void> => {
    resolve(await attempt(delivery, event.records, { batch: context.nextBatch(), attempt: 1, redelivered: true }))
  }

  const step = async (): Promise<void> => {
    const again = redeliveries.shift()
    const windowMs = remainingWindowMs()
    if (!again && windowMs !== 0) {
      commit()
      return changed.wait(windowMs)
    }
    inFlight = true
    try {
      await (again ? runRedelivery(again) : runBatch())
    } finally {
      inFlight = false
      last.invokedAt = Date.now()
    }
  }

  const run = async (): Promise<void> => {
    try {
      while (!stopping.signal.aborted) await step()
    } catch (error) {
      log(`ended by a defect: ${error}`)
      context.onFailure(error)
    }
    for (const { reject } of redeliveries.splice(0)) {
      reject(new MillraceError('ML_LOCAL_STOPPED', `the mapping ${config.id} was stopped before the event came again`))
    }
  }
  const running = run()

  return {
    id: context.poller,
    get joins() {
      return intake.joins
    },
    get partitions() {
      return buffer.partitions
    },
    get withheld() {
      return buffer.withheld()
    },
    get busy() {
      return inFlight || !buffer.empty || redeliveries.length > 0
    },
    owns: (identifier) => buffer.owns(identifier),
    redeliver: (event) =>
      new Promise((resolve, reject) => {
        redeliveries.push({ event, resolve, reject })
        changed.ring()
      }),
    stop: async () => {
      stopping.abort()
      changed.ring()
      await running
      await intake.commit()
      await intake.close()
    },
  }
}

async function held({ heldUntil }: PollerContext, signal: AbortSignal): Promise<void> {
  for (let ms = heldUntil() - Date.now(); ms > 0; ms = heldUntil() - Date.now()) {
    if (!(await pause(ms, signal))) throw stoppedError()
  }
}

/** What a hook waits for may never come: a stop does not wait for it. */
const unlessStopped = (hook: void | Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(stoppedError())
    const done = (): void => signal.removeEventListener('abort', stop)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    Promise.resolve(hook).finally(done).then(resolve, reject)
  })

const stoppedError = (): MillraceError =>
  new MillraceError('ML_LOCAL_STOPPED', 'the mapping was stopped while it held back')
