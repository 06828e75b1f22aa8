import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import type { Kafka } from 'kafkajs'
import { MillraceError } from '../lib/errors.js'
import { fetchGroupOffsets } from '../lib/local/esm/index.js'

/** What a mapping reads, and as whom. */
interface Source {
  readonly topic: string
  readonly group: string
}

/**
 * Creates the topic, or finds it empty: what somebody else has left there would be counted, and is not ours to delete.
 *
 * @throws MillraceError `ML_START_NOT_EMPTY`
 */
export async function emptyTopic(kafka: Kafka, { topic, group }: Source, partitions: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] })
    const offsets = await admin.fetchTopicOffsets(topic)
    if (offsets.some(({ high }) => high !== '0')) throw notEmpty(`the topic ${topic} has had records`, 'KAFKA_BROKERS')
    if (offsets.length !== partitions) {
      throw notEmpty(`the topic ${topic} has ${offsets.length} partitions, not ${partitions}`, 'KAFKA_BROKERS')
    }
    const committed = await fetchGroupOffsets(admin, group, topic)
    if (committed.some((one) => one.partitions.some(({ offset }) => Number(offset) > 0))) {
      throw notEmpty(`the group ${group} has read the topic ${topic} before`, 'KAFKA_BROKERS')
    }
  } finally {
    await admin.disconnect()
  }
}

/** @throws MillraceError `ML_START_NOT_EMPTY` */
export async function emptyTables(client: DynamoDBClient, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const { Count } = await client.send(new ScanCommand({ TableName: table, Limit: 1, ConsistentRead: true }))
    if (Count !== 0) throw notEmpty(`the table ${table} has items`, 'AWS_ENDPOINT_URL_DYNAMODB')
  }
}

const notEmpty = (what: string, variable: string) =>
  new MillraceError(
    'ML_START_NOT_EMPTY',
    `${what}, and the main job counts what it finds; delete it, or unset ${variable} to run on an embedded part that starts empty`,
  )
