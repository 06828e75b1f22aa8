import * as z from 'zod/mini'

/** One order, as the shop produces it to the topic `orders`. */
export const Order = z.object({
  orderId: z.string().check(z.minLength(1)),
  customerId: z.string().check(z.minLength(1)),
  /** Rises per customer. */
  seq: z.int().check(z.nonnegative()),
  cents: z.int(),
  /** Milliseconds in which its customer may take it back. */
  graceMs: z.optional(z.int().check(z.nonnegative())),
})

/** The same, of a producer that sends cents as text: what a mended version takes, too. */
export const MendedOrder = z.extend(Order, {
  cents: z.union([z.int(), z.pipe(z.string().check(z.regex(/^\d{1,15}$/)), z.transform(Number))]),
})

export type Order = z.infer<typeof Order>
