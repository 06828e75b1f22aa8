import { drop, hold, json, kafkaFunction } from 'millrace'
import { MendedOrder, Order } from './schema.js'

/** How long the source partitions of a crashed invocation wait, in milliseconds; the crash tests have no time to lose. */
const leaseMs = Number(process.env.LEASE_MS ?? 10_000)

/** Adds each order to its item (how often it took effect, and how much it is worth) and to its customer's balance. */
const schema = process.env.ORDERS_MENDED ? MendedOrder : Order

export const handler = kafkaFunction({ value: json(schema), order: 'key', leaseMs }, (record, ctx) => {
  const { orderId, customerId, seq, cents, graceMs = 0 } = record.value
  if (cents === 0) return drop('empty order')
  const until = record.timestamp + graceMs
  if (until > Date.now()) {
    // At once: the framework's own line comes when it is recorded, and a killed process comes to no more.
    ctx.logger.info('held', { orderId, until })
    return hold({ until, reason: 'its customer may still take it back' })
  }
  // One line per run, before the effect: together they are the history of what was run.
  ctx.logger.info('order', { orderId, customerId, seq })
  // Neither write is idempotent. Made in one transaction with the record's settle, both happen exactly once.
  ctx.atomically([
    {
      Update: {
        TableName: process.env.ORDERS_TABLE,
        Key: { orderId: { S: orderId } },
        UpdateExpression: 'ADD effects :one, cents :cents',
        ExpressionAttributeValues: { ':one': { N: '1' }, ':cents': { N: String(cents) } },
      },
    },
    {
      Update: {
        TableName: process.env.BALANCES_TABLE,
        Key: { customerId: { S: customerId } },
        UpdateExpression: 'ADD cents :cents',
        ExpressionAttributeValues: { ':cents': { N: String(cents) } },
      },
    },
  ])
})
