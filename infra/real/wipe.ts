import { setTimeout as delay } from 'node:timers/promises'
import { DeleteTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { storeClient } from '../../lib/local/store/index.js'
import type { Systems } from './jobs.js'

/** Removes every topic, group and table of systems that were started for the lane, until nobody sees them any more. */
export async function wipe({ brokers, dynamodbUrl }: Systems): Promise<void> {
  await Promise.all([wipeKafka(brokers), wipeTables(dynamodbUrl)])
}

async function wipeKafka(brokers: string): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    // A member that died is a member until its session is over; then the group is empty.
    await untilDone(async () => {
      const { groups } = await admin.listGroups()
      if (groups.length > 0) await admin.deleteGroups(groups.map(({ groupId }) => groupId))
    })
    const topics = await ownTopics(admin)
    if (topics.length > 0) await admin.deleteTopics({ topics })
    await untilDone(async () => {
      if ((await ownTopics(admin)).length > 0) throw new Error('topics are still listed')
    })
  } finally {
    await admin.disconnect()
  }
}

const ownTopics = async (admin: Admin) => (await admin.listTopics()).filter((topic) => !topic.startsWith('__'))

async function wipeTables(url: string): Promise<void> {
  const client = storeClient(url)
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}))
    for (const TableName of TableNames) await client.send(new DeleteTableCommand({ TableName }))
  } finally {
    client.destroy()
  }
}

/** Sessions last half a minute at most. */
const patienceMs = 45_000

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; ; await delay(200)) {
    try {
      await work()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}
