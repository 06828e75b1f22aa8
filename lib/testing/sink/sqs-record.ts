import type { MessageAttributeValue } from '@aws-sdk/client-sqs'
import type { KeptRecord } from './spec.js'

type Attributes = Readonly<Record<string, MessageAttributeValue>>

/** Reads a message as the sink's docstring says, without the code that wrote it. */
export function recordOf(body: string, attributes: Attributes): KeptRecord & { readonly encoding: string | undefined } {
  const encoding = attributes.encoding?.StringValue
  const value =
    encoding === 'null'
      ? null
      : encoding === 'empty'
        ? Buffer.alloc(0)
        : Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8')
  return { id: attributes.id?.StringValue ?? '', key: keyOf(attributes), value, encoding }
}

function keyOf({ key }: Attributes): Buffer | null {
  if (key === undefined) return null
  if (key.DataType === 'String.empty') return Buffer.alloc(0)
  if (key.StringValue !== undefined) return Buffer.from(key.StringValue)
  // Over HTTP as text in base64, from the SDK as bytes.
  return typeof key.BinaryValue === 'string'
    ? Buffer.from(key.BinaryValue, 'base64')
    : Buffer.from(key.BinaryValue ?? [])
}
