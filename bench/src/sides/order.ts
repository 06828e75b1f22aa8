import * as z from 'zod/mini'

/** What all sides read and validate. */
export const Order = z.object({
  orderId: z.string().check(z.minLength(1)),
  customerId: z.string().check(z.minLength(1)),
  seq: z.int().check(z.nonnegative()),
  cents: z.int(),
})

export type Order = z.infer<typeof Order>

/** What a handler did, so that a record handled twice shows. */
export interface Work {
  records: number
  cents: number
}

export const noWork = (): Work => ({ records: 0, cents: 0 })

/** The handler of all sides. It does next to nothing: what is measured is what surrounds it. */
export async function handleOrder(work: Work, { value }: { readonly value: Order }): Promise<void> {
  work.records++
  work.cents += value.cents
}
