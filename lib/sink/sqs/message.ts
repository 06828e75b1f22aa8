import { createHash } from 'node:crypto'
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs'
import type { SinkRecord } from '../contract.js'
import { textOf } from '../text.js'

/** One message, and a call with all of its messages, may have this many bytes. */
export const mostBytes = 1_048_576

/** A message may have this many attributes. */
const mostAttributes = 10

/** A record as a message. */
export interface Message {
  readonly entry: Omit<SendMessageBatchRequestEntry, 'Id'>
  /** By what the service counts. */
  readonly bytes: number
}

/** The message of a record; in a queue that keeps order, messages of one key are a group. */
export function messageOf(record: SinkRecord, isFifo: boolean): Message {
  const { body, encoding } = bodyOf(record.value)
  const attributes = new Map<string, MessageAttributeValue>([['id', text(record.id)]])
  if (encoding !== undefined) attributes.set('encoding', text(encoding))
  if (record.key !== null) attributes.set('key', record.key.length === 0 ? emptyKey : attributeOf(record.key))
  let bytes = Buffer.byteLength(body) + [...attributes].reduce((sum, one) => sum + sizeOf(...one), 0)
  // The last header of a name is the one that counts.
  for (const { key, value } of record.headers.toReversed()) {
    if (attributes.has(key) || !isName(key) || value === null || value.length === 0) continue
    const attribute = attributeOf(value)
    const size = sizeOf(key, attribute)
    if (attributes.size === mostAttributes || bytes + size > mostBytes) continue
    attributes.set(key, attribute)
    bytes += size
  }
  const entry = { MessageBody: body, MessageAttributes: Object.fromEntries(attributes) }
  if (!isFifo) return { entry, bytes }
  return { entry: { ...entry, MessageGroupId: groupOf(record), MessageDeduplicationId: idOf(record.id) }, bytes }
}

/** A body is text of at least one character, so that other values need a word of how they are to be read. */
function bodyOf(value: Buffer | null): { readonly body: string; readonly encoding?: string } {
  if (value === null) return { body: '-', encoding: 'null' }
  if (value.length === 0) return { body: '-', encoding: 'empty' }
  const exact = textOf(value)
  if (exact !== undefined && !beyondXml.test(exact)) return { body: exact }
  return { body: value.toString('base64'), encoding: 'base64' }
}

/** Characters that SQS refuses or replaces. */
const beyondXml = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

/** An attribute cannot be empty; its type can say so. */
const emptyKey: MessageAttributeValue = { DataType: 'String.empty', StringValue: '-' }

const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue })

function attributeOf(bytes: Buffer): MessageAttributeValue {
  const exact = textOf(bytes)
  return exact === undefined || beyondXml.test(exact) ? { DataType: 'Binary', BinaryValue: bytes } : text(exact)
}

const sizeOf = (name: string, { DataType = '', StringValue = '', BinaryValue }: MessageAttributeValue): number =>
  Buffer.byteLength(name) + DataType.length + Buffer.byteLength(StringValue) + (BinaryValue?.length ?? 0)

const isName = (name: string): boolean =>
  /^(?!\.)(?!.*\.\.)[\w.-]{1,256}$/.test(name) && !name.endsWith('.') && !/^(aws|amazon)\./i.test(name)

/** Messages of one key are in one group; those without key are, of one source partition. */
function groupOf({ key, source }: SinkRecord): string {
  if (key === null || key.length === 0) return idOf(`${source.topic}:${source.partition}`)
  return idOf(textOf(key) ?? key.toString('base64'))
}

/** As it is where SQS takes it, else a hash of it. */
const idOf = (name: string): string =>
  /^[\x21-\x7e]{1,128}$/.test(name) ? name : createHash('sha256').update(name).digest('hex')
