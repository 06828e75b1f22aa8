import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import type { Kafka } from 'kafkajs'
import { decodeState, type LedgerState } from '../../lib/ledger/index.js'
import type { Header } from '../orders/index.js'
import type { Effect, KeptFailure } from './facts.js'

type Item = Record<string, AttributeValue>

/** The orders table, by order id. */
export async function readEffects(client: DynamoDBClient, table: string): Promise<ReadonlyMap<string, Effect>> {
  const effects = new Map<string, Effect>()
  for await (const { orderId, effects: count, cents } of scan(client, table)) {
    effects.set(orderId?.S ?? '', { effects: Number(count?.N), cents: Number(cents?.N) })
  }
  return effects
}

/** The balances table: cents, by customer. */
export async function readBalances(client: DynamoDBClient, table: string): Promise<ReadonlyMap<string, number>> {
  const balances = new Map<string, number>()
  for await (const { customerId, cents } of scan(client, table)) balances.set(customerId?.S ?? '', Number(cents?.N))
  return balances
}

/** The failures table, every envelope of it. */
export async function readFailures(client: DynamoDBClient, table: string): Promise<readonly KeptFailure[]> {
  const failures: KeptFailure[] = []
  for await (const item of scan(client, table)) failures.push(failureOf(item))
  return failures
}

function failureOf(item: Item): KeptFailure {
  const number = (name: string) => Number(item[name]?.N)
  const text = (name: string) => item[name]?.S ?? ''
  return {
    topic: text('topic'),
    partition: number('partition'),
    offset: number('offset'),
    timestamp: number('timestamp'),
    key: bytesOf(item.key),
    value: bytesOf(item.value),
    headers: (item.headers?.L ?? []).map(({ M }): Header => [M?.key?.S ?? '', bytesOf(M?.value) ?? Buffer.alloc(0)]),
    attempts: number('attempts'),
    stage: text('stage'),
    rule: text('rule'),
  }
}

const bytesOf = (value: AttributeValue | undefined): Buffer | null => (value?.B ? Buffer.from(value.B) : null)

/** The ledger's items of a topic, by partition. */
export async function readLedger(
  client: DynamoDBClient,
  table: string,
  { group, topic, partitions }: { group: string; topic: string; partitions: number },
): Promise<ReadonlyMap<number, LedgerState>> {
  const states = new Map<number, LedgerState>()
  const keys = Array.from({ length: partitions }, (_, n) => ({
    pk: { S: `${group}#${topic}#${n}` },
    sk: { S: 'ledger' },
  }))
  const { Responses } = await client.send(
    new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
  )
  for (const { pk, s } of Responses?.[table] ?? []) {
    if (s?.B)
      states.set(
        keys.findIndex((key) => key.pk.S === pk?.S),
        decodeState(s.B),
      )
  }
  return states
}

/** By partition, how far the group's commits are behind the topic's end. */
export async function readLag(kafka: Kafka, group: string, topic: string): Promise<ReadonlyMap<number, number>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const ends = await admin.fetchTopicOffsets(topic)
    const committed = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    const offsets = new Map(
      committed.flatMap(({ partitions }) => partitions.map((one) => [one.partition, Number(one.offset)])),
    )
    return new Map(
      ends.map(({ partition, high }) => [partition, Number(high) - Math.max(0, offsets.get(partition) ?? 0)]),
    )
  } finally {
    await admin.disconnect()
  }
}

async function* scan(client: DynamoDBClient, table: string): AsyncGenerator<Item> {
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) yield* page.Items ?? []
}
