import { type AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { invalid, nonEmpty, optionsOf } from '../../check-option.js'
import { type Clock, systemClock } from '../../clock.js'
import { kindOf, MillraceError } from '../../errors.js'
import { isOfItems, putItems } from '../../table/index.js'
import { refused, unwritten, written } from '../answers.js'
import type { Acknowledgement, Sink, SinkRecord } from '../contract.js'
import { pool } from '../pool.js'

type Item = Record<string, AttributeValue>

/** A table, and what is put into it. */
export interface DynamodbSinkOptions {
  readonly table: string
  /** The item of a record, as attribute values. Default: the record's content, which has to be such an item. */
  readonly item?: (record: SinkRecord) => Readonly<Item>
  /** Default: one of the sink's own, at the standard endpoint. One that is given is not closed with the sink. */
  readonly client?: DynamoDBClient
}

/**
 * Puts each record as an item into a DynamoDB table, 25 to a call. The same record again puts the same item; of records with the
 * same key the last one stays.
 *
 * An item that DynamoDB finds invalid is refused for good; throttles and time-outs are retried. Needs
 * `dynamodb:BatchWriteItem` on the table.
 *
 * @throws MillraceError `ML_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { json, kafkaFunction, ok } from 'millrace'
 * import { dynamodbSink } from 'millrace/sinks'
 *
 * const totals = dynamodbSink({ table: 'totals' })
 * export const handler = kafkaFunction({ value: json(), onSuccess: totals }, (record) =>
 *   ok({ value: { pk: { S: record.id }, text: { S: JSON.stringify(record.value) } } }),
 * )
 * ```
 */
export function dynamodbSink(options: DynamodbSinkOptions): Sink {
  const example = "dynamodbSink({ table: 'totals' })"
  const { table, item = contentOf, client } = optionsOf('dynamodbSink', options, ['table', 'item', 'client'], example)
  nonEmpty('table of dynamodbSink', table, example)
  if (typeof item !== 'function')
    throw invalid('item of dynamodbSink', `is ${kindOf(item)}, not a function of a record`)
  const name = `dynamodb ${table}`
  let clock: Clock = systemClock
  const clients = pool(
    () => client ?? clientOf(),
    (one) => {
      if (one !== client) one.destroy()
    },
  )

  const itemOf = (record: SinkRecord): Item | Acknowledgement => {
    try {
      return item(record)
    } catch (error) {
      return refused(name, error)
    }
  }

  return {
    name,
    open(context) {
      clock = context.clock
    },
    write: (records, signal) =>
      clients.use(async (one) => {
        const items = records.map(itemOf)
        const due = items.filter((made): made is Item => !isRefusal(made))
        const errors = await putItems({ client: one, table, clock }, due, signal)
        let next = 0
        return items.map((made) => (isRefusal(made) ? made : answerOf(errors[next++])))
      }),
    close: () => clients.close(),
  }

  function answerOf(error: MillraceError | undefined): Acknowledgement {
    if (error === undefined) return written
    return isOfItems(error) ? refused(name, error) : unwritten(name, error)
  }
}

// An attribute of an item is an object, so that this is none.
const isRefusal = (made: Item | Acknowledgement): made is Acknowledgement => typeof made.ok === 'boolean'

const clientOf = () =>
  new DynamoDBClient({
    cacheMiddleware: true,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  })

function contentOf({ content, id }: SinkRecord): Item {
  const values = typeof content === 'object' && content !== null ? Object.values(content) : []
  if (values.length > 0 && values.every(isAttributeValue)) return content as Item
  throw new MillraceError(
    'ML_SINK_REFUSED',
    `the content of ${id} is no DynamoDB item but ${kindOf(content)}; give attribute values, as { pk: { S: 'a' } }, or the option ` +
      'item, for example ({ content }) => marshall(content) with marshall of @aws-sdk/util-dynamodb',
  )
}

const types: ReadonlySet<string> = new Set(['S', 'N', 'B', 'SS', 'NS', 'BS', 'M', 'L', 'BOOL', 'NULL'])

function isAttributeValue(value: unknown): boolean {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  return keys.length === 1 && types.has(keys[0] ?? '')
}
