import * as z from 'zod/mini'

/** One order, as the shop produces it to the topic `orders`. */
export const Order = z.object({
  orderId: z.string().check(z.minLength(1)),
  customerId: z.string().check(z.minLength(1)),
  /** Rises per customer. */
  seq: z.int().check(z.nonnegative()),
  cents: z.int(),
})

export type Order = z.infer<typeof Order>
