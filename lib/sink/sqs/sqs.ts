import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { nonEmpty, optionsOf } from '../../check-option.js'
import { asError, MillraceError } from '../../errors.js'
import { refused, unwritten, written } from '../answers.js'
import type { Acknowledgement, Sink, SinkRecord } from '../contract.js'
import { pool } from '../pool.js'
import { type Message, messageOf, mostBytes } from './message.js'

/** A queue. */
export interface SqsSinkOptions {
  /** Its address; one that ends with `.fifo` keeps order. */
  readonly queueUrl: string
  /** Default: one of the sink's own, at the standard endpoint. One that is given is not closed with the sink. */
  readonly client?: SQSClient
}

/** A call takes this many messages. */
const messagesPerCall = 10

/** A record and its message. */
interface Due {
  readonly record: SinkRecord
  readonly message: Message
}

/**
 * Sends each record as a message to an SQS queue, ten to a call, at most 1 MiB.
 *
 * The body is the value's text, or what the attribute `encoding` says: `base64`, `empty` or `null` (a tombstone). Attributes are
 * the record's `id`, its `key` (an empty one has the type `String.empty`), and its headers as far as the ten that SQS takes
 * reach. A FIFO queue keeps records of one key in
 * order (those without key, of one source partition), and takes each id once in five minutes; a standard queue has what comes
 * again twice, with the same `id`. A record that is too large is refused for good. Needs `sqs:SendMessage` on the queue.
 *
 * @throws MillraceError `ML_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { json, kafkaFunction, ok } from 'millrace'
 * import { sqsSink } from 'millrace/sqs'
 *
 * const mails = sqsSink({ queueUrl: process.env.MAILS_QUEUE_URL ?? 'https://sqs.eu-central-1.amazonaws.com/123456789012/mails' })
 * export const handler = kafkaFunction({ value: json(), onSuccess: mails }, (record) => ok({ value: record.value }))
 * ```
 */
export function sqsSink(options: SqsSinkOptions): Sink {
  const example = "sqsSink({ queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/mails' })"
  const { queueUrl, client } = optionsOf('sqsSink', options, ['queueUrl', 'client'], example)
  nonEmpty('queueUrl of sqsSink', queueUrl, example)
  const name = `sqs ${queueUrl.split('/').at(-1)}`
  const isFifo = queueUrl.endsWith('.fifo')
  const clients = pool(
    () => client ?? clientOf(),
    (one) => {
      if (one !== client) one.destroy()
    },
  )

  return {
    name,
    write: (records, signal) => clients.use((one) => write(one, records, signal)),
    close: () => clients.close(),
  }

  async function write(sqs: SQSClient, records: readonly SinkRecord[], signal: AbortSignal) {
    const answers = new Map<SinkRecord, Acknowledgement>()
    const due: Due[] = []
    for (const record of records) {
      const message = messageOf(record, isFifo)
      if (message.bytes <= mostBytes) due.push({ record, message })
      else answers.set(record, refused(name, tooLarge(message.bytes)))
    }
    /** Groups of which a message failed: what follows in them stays behind it. */
    const stopped = new Set<string | undefined>()
    let down: unknown = new Error('a record before it in its group failed')
    for (const call of callsOf(due)) {
      const some = isFifo ? call.filter(({ message }) => !stopped.has(message.entry.MessageGroupId)) : call
      const sent = await send(sqs, some, signal)
      for (const [{ record, message }, answer] of sent.answers) {
        answers.set(record, answer)
        if (!answer.ok && answer.status !== 'fallback') stopped.add(message.entry.MessageGroupId)
      }
      if (sent.down === undefined) continue
      down = sent.down
      break
    }
    return records.map((record) => answers.get(record) ?? unwritten(name, down))
  }

  async function send(sqs: SQSClient, some: readonly Due[], signal: AbortSignal): Promise<Sent> {
    if (some.length === 0) return { answers: [] }
    try {
      const Entries = some.map(({ message }, i) => ({ ...message.entry, Id: String(i) }))
      const { Successful = [], Failed = [] } = await sqs.send(
        new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        { abortSignal: signal },
      )
      const taken = new Set(Successful.map(({ Id }) => Id))
      const failed = new Map(Failed.map((one) => [one.Id, one]))
      const answerOf = (id: string): Acknowledgement => {
        if (taken.has(id)) return written
        const { Code = 'no result', Message = '', SenderFault = false } = failed.get(id) ?? {}
        const error = new Error(`${Code} ${Message}`.trim())
        return SenderFault && !/throttl|kms|accessdenied/i.test(Code) ? refused(name, error) : unwritten(name, error)
      }
      return { answers: some.map((one, i) => [one, answerOf(String(i))]) }
    } catch (error) {
      if (signal.aborted || !ofMessages.has((error as Error).name)) return { answers: [], down: asError(error) }
      const [only] = some
      return some.length === 1 && only ? { answers: [[only, refused(name, error)]] } : alone(sqs, some, signal)
    }
  }

  /** One bad message costs no other its acknowledgement. */
  async function alone(sqs: SQSClient, some: readonly Due[], signal: AbortSignal): Promise<Sent> {
    const answers: Sent['answers'][number][] = []
    for (const one of some) {
      const sent = await send(sqs, [one], signal)
      answers.push(...sent.answers)
      if (sent.down !== undefined) return { answers, down: sent.down }
    }
    return { answers }
  }
}

/** What a call has come to; `down`: no other call would do better now. */
interface Sent {
  readonly answers: readonly (readonly [Due, Acknowledgement])[]
  readonly down?: Error
}

/** Errors of a whole call that one of its messages is to blame for. */
const ofMessages: ReadonlySet<string> = new Set([
  'BatchRequestTooLong',
  'InvalidAttributeValue',
  'InvalidMessageContents',
  'InvalidParameterValue',
])

function callsOf(due: readonly Due[]): Due[][] {
  const calls: Due[][] = []
  let bytes = 0
  for (const one of due) {
    const last = calls.at(-1)
    bytes += one.message.bytes
    if (last !== undefined && last.length < messagesPerCall && bytes <= mostBytes) last.push(one)
    else {
      calls.push([one])
      bytes = one.message.bytes
    }
  }
  return calls
}

const tooLarge = (bytes: number) =>
  new MillraceError('ML_SINK_REFUSED', `its message has ${bytes} bytes, and SQS takes ${mostBytes}`)

const clientOf = () =>
  new SQSClient({
    cacheMiddleware: true,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  })
