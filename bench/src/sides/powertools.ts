import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb'
import { kafkaConsumer, SchemaType } from '@aws-lambda-powertools/kafka'
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import type { Context } from 'aws-lambda'
import { handleOrder, noWork, Order } from './orders.js'
import { lambdaContext, type Side } from './side.js'

/** Handles what is given at most once per id, by Powertools' idempotency. */
export interface Once {
  run(id: string, order: Order): Promise<void>
  /** Powertools derives from it how long a record may be in progress. */
  begin(context: Context): void
}

/**
 * Idempotency per record, on its table, with the client that Powertools makes itself unless it is given settings. The id is handed over as it is: an expression (JMESPath) that reads it out of the record
 * would cost Powertools more.
 */
export function once(
  keyPrefix: string,
  handle: (order: Order) => Promise<void>,
  clientConfig: DynamoDBClientConfig = {},
): Once {
  const config = new IdempotencyConfig({})
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName: 'bench-idempotency', clientConfig })
  return {
    run: makeIdempotent(async (_id: string, order: Order) => handle(order), {
      persistenceStore,
      config,
      keyPrefix,
      dataIndexArgument: 0,
    }),
    begin: (context) => config.registerLambdaContext(context),
  }
}

interface Positioned {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export const idOf = ({ topic, partition, offset }: Positioned): string => `${topic}-${partition}-${offset}`

/** `kafkaConsumer` and `makeIdempotent`: source partitions side by side, the records of each one after another. */
export function powertools(name: string, clientConfig?: DynamoDBClientConfig): Side {
  const work = noWork()
  const { run, begin } = once(name, (value) => handleOrder(work, { value }), clientConfig)
  const handle = kafkaConsumer<string, Order>(
    async ({ records }, context) => {
      begin(context)
      const partitions = new Map<number, typeof records>()
      for (const record of records) {
        const lane = partitions.get(record.partition)
        if (lane === undefined) partitions.set(record.partition, [record])
        else lane.push(record)
      }
      await Promise.all(
        [...partitions.values()].map(async (lane) => {
          for (const record of lane) await run(idOf(record), record.value)
        }),
      )
    },
    { value: { type: SchemaType.JSON, parserSchema: Order } },
  )
  return {
    name,
    work,
    async deliver(event) {
      await handle(event as never, lambdaContext())
    },
  }
}
