import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs'

/** A message in the queue. */
export interface Queued {
  readonly body: string
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>
  readonly group: string | undefined
}

/** A queue that speaks the protocol of SQS (AWS JSON 1.0 over HTTP), as far as `SendMessageBatch` goes. */
export interface Queue {
  readonly url: string
  readonly endpoint: string
  readonly messages: readonly Queued[]
  readonly state: { calls: number; hangs: boolean; refused: ReadonlySet<string>; error: string | undefined }
  stop(): Promise<void>
}

const limit = 1_048_576

export async function startQueue(name: string): Promise<Queue> {
  const messages: Queued[] = []
  const seen = new Set<string>()
  const state: Queue['state'] = { calls: 0, hangs: false, refused: new Set(), error: undefined }

  /** What SQS says of a call as a whole, in its order. */
  function problemOf(entries: readonly SendMessageBatchRequestEntry[]): string | undefined {
    if (state.error !== undefined) return state.error
    if (entries.length === 0) return 'EmptyBatchRequest'
    if (entries.length > 10) return 'TooManyEntriesInBatchRequest'
    if (new Set(entries.map(({ Id }) => Id)).size < entries.length) return 'BatchEntryIdsNotDistinct'
    if (entries.reduce((sum, one) => sum + sizeOf(one), 0) > limit) return 'BatchRequestTooLong'
    return undefined
  }

  function take(entry: SendMessageBatchRequestEntry) {
    const { Id, MessageBody = '', MessageAttributes: attributes = {}, MessageGroupId: group } = entry
    const problem = problemOfOne(entry)
    if (problem !== undefined) return { Failed: [{ Id, Code: problem, SenderFault: true, Message: 'refused' }] }
    if (state.refused.has(attributes.id?.StringValue ?? ''))
      return { Failed: [{ Id, Code: 'InternalError', SenderFault: false, Message: 'not now' }] }
    const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex')
    const deduplication = entry.MessageDeduplicationId
    if (deduplication === undefined || !seen.has(deduplication)) messages.push({ body: MessageBody, attributes, group })
    if (deduplication !== undefined) seen.add(deduplication)
    return { Successful: [{ Id, MessageId: Id, MD5OfMessageBody }] }
  }

  function problemOfOne({ MessageBody = '', MessageAttributes = {}, ...one }: SendMessageBatchRequestEntry) {
    const isId = (id = '') => /^[\x21-\x7e]{1,128}$/.test(id)
    if (MessageBody === '' || /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(MessageBody))
      return 'InvalidMessageContents'
    if (Object.keys(MessageAttributes).length > 10) return 'InvalidParameterValue'
    if (name.endsWith('.fifo') && !(isId(one.MessageGroupId) && isId(one.MessageDeduplicationId)))
      return 'InvalidParameterValue'
    return undefined
  }

  const server = createServer(async (request, response) => {
    state.calls++
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { Entries } = JSON.parse(Buffer.concat(parts).toString()) as { Entries: SendMessageBatchRequestEntry[] }
    const isRight = request.headers['x-amz-target'] === 'AmazonSQS.SendMessageBatch'
    const problem = isRight ? problemOf(Entries) : 'UnknownOperationException'
    const results = problem === undefined ? Entries.map(take) : []
    if (state.hangs) return
    const json = { 'content-type': 'application/x-amz-json-1.0' }
    if (problem !== undefined)
      return void response.writeHead(400, json).end(JSON.stringify({ __type: `com.amazonaws.sqs#${problem}` }))
    const Successful = results.flatMap((one) => one.Successful ?? [])
    response
      .writeHead(200, json)
      .end(JSON.stringify({ Successful, Failed: results.flatMap((one) => one.Failed ?? []) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `${endpoint}/000000000000/${name}`,
    endpoint,
    messages,
    state,
    stop() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return ended
    },
  }
}

/** As SQS counts: the body, and names, types and values of attributes. */
function sizeOf({ MessageBody = '', MessageAttributes = {} }: SendMessageBatchRequestEntry): number {
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue = '' }]) => {
      // On the wire binary values are base64.
      const binary = Buffer.from(String(BinaryValue), 'base64').length
      return sum + Buffer.byteLength(name) + DataType.length + Buffer.byteLength(StringValue) + binary
    },
    Buffer.byteLength(MessageBody),
  )
}
