import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { isHead } from '../../sink/failures/index.js'

type Item = Readonly<Record<string, AttributeValue>>

/** Of an item of the failures table. */
export interface Key {
  readonly pk: string
  readonly sk: string
}

/** As a call of DynamoDB takes it. */
export interface Condition {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues: Record<string, AttributeValue>
}

/** What a head says without the record's bytes. Written anew, it differs in one of these. */
export const told = ['timestamp', 'attempts', 'firstSeen', 'lastSeen', 'stage', 'rule', 'sha256'] as const

/**
 * What a command marks a head with while it has it in hand: by whom, until when (epoch ms), and that nothing is left to do with
 * it but to delete it. What a function writes has none of them.
 */
export const hand = ['redriver', 'redriverUntil', 'ended'] as const

const names = [
  ...['pk', 'sk', 'format', 'group', 'function', 'version', 'topic', 'partition', 'offset', 'timestampType'],
  ...['reason', 'error', 'notBase64', 'pieces', 'keyBytes', 'valueBytes', 'headersBytes'],
  ...told,
  ...hand,
]

/** A scan of heads alone, without the record's bytes: neither pieces nor what small ones hold themselves. */
export const headsOnly = {
  FilterExpression: isHead,
  ProjectionExpression: names.map((name) => `#${name}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries([...names, 'bytes'].map((name) => [`#${name}`, name])),
}

/** It is as it was read, and in nobody's hand. `now`: epoch ms. */
export function unchanged(head: Item, now: number): Condition {
  const same = told.map((name) => (head[name] === undefined ? `attribute_not_exists(#${name})` : `#${name} = :${name}`))
  const values = told.flatMap((name) => (head[name] === undefined ? [] : [[`:${name}`, head[name]] as const]))
  return {
    ConditionExpression: [
      'attribute_exists(pk)',
      ...same,
      '(attribute_not_exists(redriver) OR redriverUntil < :now)',
    ].join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(told.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: { ...Object.fromEntries(values), ':now': { N: String(now) } },
  }
}

/** It is in this hand. */
export const inHandOf = (owner: string): Condition => ({
  ConditionExpression: 'redriver = :owner',
  ExpressionAttributeValues: { ':owner': { S: owner } },
})

/** With values for the update beside its condition. */
export const withValues = (condition: Condition, values: Record<string, AttributeValue>): Condition => ({
  ...condition,
  ExpressionAttributeValues: { ...condition.ExpressionAttributeValues, ...values },
})
