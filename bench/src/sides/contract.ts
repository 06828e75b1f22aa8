import { drop, type Handler, hold, json, type KafkaEvent, kafkaFunction, ok, type Sink } from './millrace.js'
import { handleOrder, noWork, Order } from './orders.js'
import { lambdaContext, type Side } from './side.js'

/** A side whose sink counts how often it was called. */
export interface CountedSide extends Side {
  readonly sink: { calls: number; records: number }
}

/** One record in so many is not ok. */
const every = 10

/** What a handler does of the contract, by the name that results show. */
export const contracts = {
  'ok()': () => ok(),
  'ok(output), to a sink of no cost': ({ value }) => ok({ key: value.customerId, value: value.cents }),
  'one in ten dropped': ({ offset }) => (offset % every === 0 ? drop('of no interest') : ok()),
} as const satisfies Record<string, Handler<Order>>

/** A function whose handler does the work of all sides, and answers by the contract. */
export function answering(name: string, answer: Handler<Order>): CountedSide {
  const work = noWork()
  const sink = { calls: 0, records: 0 }
  const handle = kafkaFunction({ value: json(Order), onSuccess: countingSink(sink) }, async (record, ctx) => {
    await handleOrder(work, record)
    return answer(record, ctx)
  })
  return { name, work, sink, deliver: (event) => deliverAll(handle, event) }
}

/** One record in ten is held for no time when it first runs, and ok then; lanes are single records, so that it holds up none. */
export function holding(name: string): Side {
  const work = noWork()
  const held = new Set<string>()
  const handle = kafkaFunction({ value: json(Order), order: 'none' }, async (record) => {
    if (record.offset % every === 0 && !held.delete(record.id)) {
      held.add(record.id)
      return hold({ reason: 'not yet', forMs: 0 })
    }
    return handleOrder(work, record)
  })
  return { name, work, deliver: (event) => deliverAll(handle, event) }
}

function countingSink(sink: CountedSide['sink']): Sink {
  const written = { ok: true } as const
  return {
    name: 'counting',
    async write(records) {
      sink.calls++
      sink.records += records.length
      return records.map(() => written)
    },
  }
}

/** Delivers what is reported again, alone, until nothing is. */
async function deliverAll(handle: ReturnType<typeof kafkaFunction>, event: KafkaEvent): Promise<void> {
  for (let due = event; Object.keys(due.records).length > 0; ) {
    const { batchItemFailures } = await handle(due, lambdaContext())
    const again = new Set(
      batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition}:${offset}`),
    )
    const records = Object.entries(due.records).flatMap(([identifier, list]) => {
      const left = list.filter(({ offset }) => again.has(`${identifier}:${offset}`))
      return left.length > 0 ? [[identifier, left] as const] : []
    })
    due = { ...due, records: Object.fromEntries(records) }
  }
}
