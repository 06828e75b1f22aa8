import { isLegalName, type Topic } from '../log/topics.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Context } from './api.js'

/** What has settings, by the protocol's numbers. */
export const resourceType = { topic: 2, broker: 4 } as const

/** The name of something that has settings. */
export interface Resource {
  readonly type: number
  readonly name: string
}

export interface Refusal {
  readonly error: Code
  readonly message: string
}

export function readResource(reader: Reader): Resource {
  return { type: reader.int8(), name: reader.string() }
}

/** The topic or broker that is meant, or why there is none. */
export function resolve({ type, name }: Resource, { topics, node }: Context): Topic | 'broker' | Refusal {
  if (type === resourceType.topic) {
    const error = isLegalName(name) ? code.unknownTopicOrPartition : code.invalidTopic
    return topics.get(name) ?? { error, message: `there is no topic ${name}` }
  }
  if (type !== resourceType.broker) {
    return { error: code.invalidRequest, message: 'this broker has settings of topics and of itself only' }
  }
  if (name === '' || name === String(node.id)) return 'broker'
  return {
    error: code.invalidRequest,
    message: `Unexpected broker id, expected ${node.id} or empty string, but received ${name}`,
  }
}
