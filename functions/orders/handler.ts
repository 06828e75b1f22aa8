import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { drop, json, kafkaFunction } from 'millrace'
import { Order } from './schema.js'

// The write below is not idempotent. When its answer is lost the SDK would send it again and count an order twice,
// so the SDK sends it once; whether the record runs again is the framework's decision, which is logged and counted.
const dynamodb = new DynamoDBClient({ maxAttempts: 1 })

/** Adds each order to its item: how often it took effect, and how much it is worth. */
export const handler = kafkaFunction({ value: json(Order), order: 'key' }, async ({ value: order }, ctx) => {
  const { orderId, customerId, seq, cents } = order
  if (cents === 0) return drop('empty order')
  // One line per run, before the effect: together they are the history of what was run.
  ctx.logger.info('order', { orderId, customerId, seq })
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: process.env.ORDERS_TABLE,
      Key: { orderId: { S: orderId } },
      UpdateExpression: 'ADD effects :one, cents :cents',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':cents': { N: String(cents) } },
    }),
  )
})
