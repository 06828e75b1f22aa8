import middy from '@middy/core'
import eventNormalizer from '@middy/event-normalizer'
import type { Context } from 'aws-lambda'
import type { KafkaEvent } from './millrace.js'
import { handleOrder, noWork, Order } from './orders.js'
import { idOf, once } from './powertools.js'
import { lambdaContext, type Side } from './side.js'

/**
 * middy with its event normalizer, which decodes the values of Kafka events, and the schema. middy has nothing against duplicates
 * of its own, so idempotency per record is Powertools'.
 */
export function middyOnce(): Side {
  const work = noWork()
  const { run, begin } = once('middy', (value) => handleOrder(work, { value }))
  return { name: 'middy', work, deliver: pipeline(run, begin) }
}

/** The same without any protection: what is delivered twice is handled twice. */
export function middyAlone(): Side {
  const work = noWork()
  return { name: 'middy alone', work, deliver: pipeline((_id, value) => handleOrder(work, { value })) }
}

function pipeline(
  run: (id: string, order: Order) => Promise<void>,
  begin: (context: Context) => void = () => {},
): Side['deliver'] {
  const handle = middy<KafkaEvent, void>(
    async ({ records }: KafkaEvent, context: Context) => {
      begin(context)
      await Promise.all(
        Object.values(records).map(async (lane) => {
          for (const record of lane) await run(idOf(record), Order.parse(record.value))
        }),
      )
    },
    { timeoutEarlyInMillis: 0 },
  ).use(eventNormalizer() as middy.MiddlewareObj<KafkaEvent, void>)
  return (event) => handle(event, lambdaContext())
}
