import { hold, json, kafkaFunction } from 'millrace'
import * as z from 'zod/mini'

const Payment = z.object({ paymentId: z.string(), cents: z.int(), dueAt: z.int() })

/** A payment that is not due yet waits, and with it only those of its key. */
export const handler = kafkaFunction({ value: json(Payment), order: 'key' }, ({ value }, ctx) => {
  if (value.dueAt > Date.now()) return hold({ until: value.dueAt, reason: 'not due yet' })
  ctx.logger.info('paid', { paymentId: value.paymentId, cents: value.cents })
})
