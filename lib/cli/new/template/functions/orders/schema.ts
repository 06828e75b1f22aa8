import * as z from 'zod/mini'

/** One order, as it is produced to the topic `orders`. */
export const Order = z.object({
  orderId: z.string().check(z.minLength(1)),
  customerId: z.string().check(z.minLength(1)),
  cents: z.int(),
})
