/**
 * The orders function without `ctx.atomically`, as text: its effects are made by the handler itself, before the settle. What the
 * crash tests hold to be right must not hold here.
 */
export const directHandler = `
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { json, kafkaFunction } from 'millrace'

const dynamodb = new DynamoDBClient({ maxAttempts: 1 })
const add = (TableName, Key, expression, values) =>
  dynamodb.send(
    new UpdateItemCommand({ TableName, Key, UpdateExpression: expression, ExpressionAttributeValues: values }),
  )

export const handler = kafkaFunction({ value: json(), order: 'key', leaseMs: 1_000 }, async ({ value }, ctx) => {
  const cents = { ':cents': { N: String(value.cents) } }
  await add(process.env.ORDERS_TABLE, { orderId: { S: value.orderId } }, 'ADD effects :one, cents :cents', {
    ...cents,
    ':one': { N: '1' },
  })
  await add(process.env.BALANCES_TABLE, { customerId: { S: value.customerId } }, 'ADD cents :cents', cents)
})
`
