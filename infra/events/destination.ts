import type { Resource } from '../serverless.js'
import type { Value } from './settings.js'

/** Where Lambda sends what it gives up on. */
export type Destination =
  | { readonly kind: 'sqs' | 'sns' | 's3'; readonly arn: Value }
  /** A topic of the mapping's own cluster. */
  | { readonly kind: 'kafka'; readonly topic: Value }
  /** By a reference that tells the kind only once it is deployed, for example `Fn::ImportValue`. */
  | { readonly kind: 'unknown'; readonly arn: Value }

const kafka = 'kafka://'

const types: Readonly<Record<string, 'sqs' | 'sns' | 's3'>> = {
  'AWS::SQS::Queue': 'sqs',
  'AWS::SNS::Topic': 'sns',
  'AWS::S3::Bucket': 's3',
}

/** Reads an `onFailureDestination`; `resources` tell what a reference leads to. */
export function destinationOf(value: Value, resources: Readonly<Record<string, Resource>> = {}): Destination {
  if (typeof value === 'string') return ofText(value, value)
  const [name = '', argument] = Object.entries(value)[0] ?? []
  if (name === 'Fn::Sub') return ofSubstitution(value, argument)
  const id = name === 'Ref' ? argument : name === 'Fn::GetAtt' ? [argument].flat()[0] : undefined
  const kind = types[resources[String(id).split('.')[0] ?? '']?.Type ?? ''] ?? 'unknown'
  return { kind, arn: value }
}

/** What an ARN begins with is mostly text, also where its account and name are not. */
function ofSubstitution(value: Value, argument: unknown): Destination {
  const [text, variables] = [argument].flat()
  if (String(text).startsWith(kafka)) {
    const topic = String(text).slice(kafka.length)
    return { kind: 'kafka', topic: { 'Fn::Sub': variables === undefined ? topic : [topic, variables] } }
  }
  return ofText(String(text), value)
}

function ofText(text: string, value: Value): Destination {
  if (text.startsWith(kafka)) return { kind: 'kafka', topic: text.slice(kafka.length) }
  const service = text.split(':')[2]
  return { kind: Object.values(types).find((kind) => kind === service) ?? 'unknown', arn: value }
}
