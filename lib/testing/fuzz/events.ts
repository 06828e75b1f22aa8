import { errorCodes, MillraceError, show } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import { kafkaFunction, retry } from '../../index.js'
import { drawing } from '../../local/broker/fuzz/index.js'
import { testDeployment } from '../deployment/index.js'
import { invoke } from '../invoke.js'
import { goodEvent, spoiltEvent } from './event.js'

/** What to throw at functions. */
export interface EventFuzzOptions {
  readonly events: number
  /** Numbers from 0 up to below 1; those of one seed make the same events. */
  readonly random: () => number
}

/** What came of it. */
export interface EventFuzzReport {
  readonly events: number
  /** events that were answered */
  readonly answered: number
  /** events that were refused, by the code of the error */
  readonly refused: Readonly<Record<string, number>>
  /** good events between them, each answered as if there were no others */
  readonly good: number
  /** everything that must not be */
  readonly failures: readonly string[]
}

type Invocable = ReturnType<typeof kafkaFunction>

const topic = 'fuzzed'
const partitions = 3
const timeoutMs = 5000
/** An answer after the invocation's time, and this, is none. */
const graceMs = 10_000
const goodEvery = 10

/**
 * Invokes functions on a real local store with events that are spoilt in their structure. Each must answer a batch response that
 * names records of the event alone, or throw an error with a code; and the next good event must be handled.
 */
export async function fuzzEvents({ events, random }: EventFuzzOptions): Promise<EventFuzzReport> {
  const draw = drawing(random)
  const failures: string[] = []
  const refused: Record<string, number> = {}
  const onRejection = (reason: unknown) => void failures.push(`unhandled rejection: ${reason}`)
  const giveBack = silenced()
  process.on('unhandledRejection', onRejection)
  const deployment = await testDeployment({ topic })
  const functions = subjects()
  let answered = 0
  let good = 0
  try {
    for (let number = 1; number <= events; number++) {
      const event = spoiltEvent(goodEvent(draw, number, topic, partitions), draw)
      const what = await outcome(draw.pick(functions), event)
      if (what.ok) answered++
      else if (what.code !== undefined) refused[what.code] = (refused[what.code] ?? 0) + 1
      else failures.push(`event ${number}: ${what.fault}; ${show(event)}`)
      if (number % goodEvery > 0) continue
      const fault = await goodFault(functions[0], number)
      if (fault === undefined) good++
      else failures.push(`the good event after event ${number}: ${fault}`)
    }
  } finally {
    await deployment.stop()
    process.off('unhandledRejection', onRejection)
    giveBack()
  }
  return { events, answered, refused, good, failures }
}

/** Functions of several kinds; all of them may be given the same record. */
function subjects(): readonly [Invocable, ...Invocable[]] {
  const common = { leaseMs: 1000, retry: { attempts: 2 } }
  return [
    kafkaFunction(common, ({ value }) => (value === 'retry' ? retry('asked for') : undefined)),
    kafkaFunction(
      {
        ...common,
        order: 'key',
        idempotencyKey: { key: ({ key }) => key ?? undefined, optional: true, ttlSeconds: 60 },
      },
      () => {},
    ),
    kafkaFunction({ ...common, order: 'none', delivery: 'at-most-once' }, () => {
      throw new TypeError('the handler of a user')
    }),
    kafkaFunction.batch(common, async (records) => records.map(({ id }) => ({ id, outcome: retry('all of them') }))),
  ]
}

type Outcome = { readonly ok: true } | { readonly ok: false; readonly code?: string; readonly fault?: string }

async function outcome(handler: Invocable, event: unknown): Promise<Outcome> {
  try {
    const answer = await inTime(invoke(handler, event as KafkaEvent, { timeoutMs }))
    const fault = faultOf(answer, event)
    return fault === undefined ? { ok: true } : { ok: false, fault }
  } catch (error) {
    const known = error instanceof MillraceError && errorCodes.includes(error.code)
    if (known && error.code !== 'ML_ANSWER_INVALID') return { ok: false, code: error.code }
    return { ok: false, fault: error instanceof Error ? (error.stack ?? error.message) : show(error) }
  }
}

/** A record nobody has seen before, in a partition of its own: settled at once. */
async function goodFault(handler: Invocable, number: number): Promise<string | undefined> {
  const partition = 1000 + number
  const record = { topic, partition, offset: 1, timestamp: 1_700_000_000_000, timestampType: 'CREATE_TIME' }
  const records = {
    [`${topic}-${partition}`]: [{ ...record, value: Buffer.from('1').toString('base64'), headers: [] }],
  }
  const result = await inTime(
    invoke(handler, { eventSource: 'SelfManagedKafka', bootstrapServers: 'b:1', records } as KafkaEvent),
  ).catch((error: unknown) => error)
  const text = JSON.stringify(result)
  return text === '{"batchItemFailures":[]}' ? undefined : `${text} ${result}`
}

/** What is wrong with an answer, if anything is. */
function faultOf(answer: unknown, event: unknown): string | undefined {
  const { batchItemFailures: failures } = answer as { batchItemFailures?: unknown }
  if (!Array.isArray(failures) || Object.keys(answer as object).length !== 1)
    return `no batch response: ${show(answer)}`
  const { records } = event as KafkaEvent
  const named = new Set<string>()
  for (const one of failures) {
    const { partition, offset } = (one as { itemIdentifier: { partition: string; offset: number } }).itemIdentifier
    const id = `${partition} ${offset}`
    const known = Object.hasOwn(records, partition) && records[partition]?.some((record) => record.offset === offset)
    if (!known || named.has(id)) return `it names ${id}, ${known ? 'twice' : 'which is not in the event'}`
    named.add(id)
  }
  return undefined
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time: it hangs')), timeoutMs + graceMs)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

/** Powertools writes a line for each decision; a thousand events make too many of them. */
function silenced(): () => void {
  const { POWERTOOLS_LOG_LEVEL: level, POWERTOOLS_METRICS_DISABLED: metrics } = process.env
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' })
  return () => {
    if (level === undefined) delete process.env.POWERTOOLS_LOG_LEVEL
    else process.env.POWERTOOLS_LOG_LEVEL = level
    if (metrics === undefined) delete process.env.POWERTOOLS_METRICS_DISABLED
    else process.env.POWERTOOLS_METRICS_DISABLED = metrics
  }
}
