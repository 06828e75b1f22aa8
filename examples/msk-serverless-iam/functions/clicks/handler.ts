import { json, kafkaFunction } from 'millrace'
import * as z from 'zod/mini'

const Click = z.object({ page: z.string(), visitor: z.string() })

/** Clicks in any order: nobody waits for another. */
export const handler = kafkaFunction({ value: json(Click), order: 'none' }, ({ value, timestamp }, ctx) => {
  ctx.logger.info('clicked', { page: value.page, at: new Date(timestamp).toISOString() })
})
