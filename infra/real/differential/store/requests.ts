import {
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { Item } from './side.js'

/** The key of an item. */
export const key = (pk: string, sk = 'x') => ({ pk: { S: pk }, sk: { S: sk } })
export const n = (value: number) => ({ N: String(value) })

export const put = (TableName: string, input: Partial<PutItemCommandInput> = {}) =>
  new PutItemCommand({ TableName, Item: { ...key('a'), v: n(2) }, ...input })

export const update = (TableName: string, input: Partial<UpdateItemCommandInput> = {}) =>
  new UpdateItemCommand({
    TableName,
    Key: key('a'),
    UpdateExpression: 'SET #v = :new',
    ExpressionAttributeNames: { '#v': 'v' },
    ExpressionAttributeValues: { ':new': n(2) },
    ...input,
  })

export const get = (TableName: string, pk = 'a') =>
  new GetItemCommand({ TableName, Key: key(pk), ConsistentRead: true })

/** An item of version 1. */
export const item = (pk: string, more: Item = {}): Item => ({ ...key(pk), v: n(1), ...more })
