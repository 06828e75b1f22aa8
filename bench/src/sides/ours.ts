import { type Handler, json, kafkaFunction } from './millrace.js'
import { handleOrder, noWork, Order } from './orders.js'
import { lambdaContext, type Side } from './side.js'

/** The framework with its defaults: the same records, the same schema, the same handler. */
export function ours(): Side {
  const work = noWork()
  return { name: 'millrace', work, deliver: deliverWith((record) => handleOrder(work, record)) }
}

/** So far apart that no invocation waits for another try: what fails is reported at once. */
const retry = { attempts: 10_000, intervalMs: 3_600_000, capMs: 3_600_000, jitter: 'none' } as const

/** Delivers to a function with this handler. Whatever it reports as failed is an error, unless that is the point. */
export function deliverWith(handler: Handler<Order>, { mayFail = false } = {}): Side['deliver'] {
  const handle = kafkaFunction({ value: json(Order), retry }, handler)
  return async (event) => {
    const { batchItemFailures } = await handle(event, lambdaContext())
    if (!mayFail && batchItemFailures.length > 0) throw new Error('a record of the benchmark was reported as failed')
  }
}
