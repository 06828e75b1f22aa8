import { json, kafkaFunction } from '../../../dist/lib/index.js'
import { handleOrder, noWork, Order } from '../sides/order.js'

/** As `sides/ours.ts` has it, for the worker's process: the framework with its defaults. */
const work = noWork()
export const handler = kafkaFunction({ value: json(Order) }, (record) => handleOrder(work, record))
