import { drop, fallback, json, kafkaFunction } from 'millrace'
import * as z from 'zod/mini'

const Order = z.object({ orderId: z.string(), customerId: z.string(), cents: z.int() })

/** Orders of one customer one after the other, those of different customers side by side. */
export const handler = kafkaFunction({ value: json(Order), order: 'key' }, ({ value }, ctx) => {
  if (value.cents === 0) return drop('empty order')
  if (value.cents < 0) return fallback('a negative amount')
  ctx.logger.info('charged', { orderId: value.orderId, cents: value.cents })
})
