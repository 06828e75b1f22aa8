import { json, kafkaFunction } from 'millrace'
import * as z from 'zod/mini'

const Shipment = z.object({ shipmentId: z.string(), carrier: z.string() })

/** What fails is tried five times, a second apart, and then kept in the failures table for `millrace failures`. */
export const handler = kafkaFunction(
  { value: json(Shipment), order: 'key', retry: { attempts: 5, intervalMs: 1_000 } },
  ({ value }, ctx) => {
    ctx.logger.info('shipped', { shipmentId: value.shipmentId, attempt: ctx.attempt })
  },
)
