import { drop, json, kafkaFunction } from 'millrace'
import * as z from 'zod/mini'

const Reading = z.object({ sensor: z.string(), celsius: z.number() })

/** Readings of one sensor in their order. */
export const handler = kafkaFunction({ value: json(Reading), order: 'key' }, ({ value }, ctx) => {
  if (value.celsius < -273.15) return drop('no such temperature')
  ctx.logger.info('measured', { sensor: value.sensor, celsius: value.celsius })
})
