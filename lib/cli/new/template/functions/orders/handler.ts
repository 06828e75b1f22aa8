import { drop, fallback, json, kafkaFunction } from 'millrace'
import { Order } from './schema.js'

/** Returning settles the record; throwing has it tried again, and kept among the failures when its attempts are spent. */
export const handler = kafkaFunction({ value: json(Order), order: 'key' }, ({ value }, ctx) => {
  if (value.cents === 0) return drop('empty order')
  if (value.cents < 0) return fallback('a negative amount')
  // Here is the place for what an order is to bring about.
  ctx.logger.info('charged', { orderId: value.orderId, cents: value.cents, attempt: ctx.attempt })
})
