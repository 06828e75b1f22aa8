import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../clock.js'
import { readBatch } from '../../event/index.js'
import { type Broker, startBroker } from '../../local/broker/index.js'
import { type Abandoned, type Failure, failuresSink } from '../../sink/index.js'
import { kafkaEvent, type RecordSpec } from '../../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../../testing/index.js'
import type { Command } from '../command.js'
import type { CommonOptions } from '../voice.js'

/** A store and a broker, with topics and failures of a test's own. */
export interface Ground {
  readonly broker: Broker
  readonly client: DynamoDBClient
  readonly table: string
  readonly ledgerTable: string
  /** Options that name both. */
  readonly options: { readonly failuresTable: string; readonly endpoint: string; readonly brokers: string }
  readonly kafka: Kafka
  createTopic(topic: string, partitions?: number): Promise<void>
  /** Gives records up on, and answers them. */
  give(topic: string, specs: readonly RecordSpec[], more?: Partial<Failure>, group?: string): Promise<Failure[]>
  abandon(records: readonly Abandoned[]): Promise<void>
  /** The sort keys of all items of the table, without the timestamps. */
  left(): Promise<string[]>
  clear(): Promise<void>
  stop(): Promise<void>
}

const never = new AbortController().signal

/** @param users passwords by name; with some the broker asks who it is that connects */
export async function startGround(users?: Record<string, string>): Promise<Ground> {
  const [broker, deployment] = await Promise.all([
    startBroker(users && { sasl: { users } }),
    testDeployment({ topic: 'none' }),
  ])
  const kafka = new Kafka({ brokers: [broker.address], ...(users && signedIn(users)), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  return {
    broker,
    kafka,
    client: deployment.client,
    table: deployment.failuresTable,
    ledgerTable: deployment.ledgerTable,
    options: {
      failuresTable: deployment.failuresTable,
      endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
      brokers: broker.address,
    },
    async createTopic(topic, numPartitions = 1) {
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
    },
    async give(topic, specs, more = {}, group = 'g') {
      const records = readBatch(kafkaEvent({ topic, records: specs })).partitions.flatMap((one) => one.records)
      const why = { attempts: 5, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'no' } as const
      const failures = records.map((record): Failure => ({ record, ...why, ...more }))
      await acknowledged(sinkOf(deployment, group).write(failures, never))
      return failures
    },
    abandon: async (records) => acknowledged(sinkOf(deployment, 'g').abandon(records, never)),
    left: async () => (await items(deployment)).map(({ sk }) => (sk?.S ?? '').replace(/@-?\d+/, '')),
    async clear() {
      const { DeleteItemCommand } = await import('@aws-sdk/client-dynamodb')
      for (const { pk, sk } of await items(deployment))
        if (pk && sk)
          await deployment.client.send(new DeleteItemCommand({ TableName: deployment.failuresTable, Key: { pk, sk } }))
    },
    async stop() {
      await admin.disconnect()
      await Promise.all([broker.stop(), deployment.stop()])
    },
  }
}

function signedIn(users: Record<string, string>) {
  const [[username, password] = ['', '']] = Object.entries(users)
  return { sasl: { mechanism: 'scram-sha-512', username, password } as const }
}

const sinkOf = ({ client, failuresTable: table }: TestDeployment, group: string) =>
  failuresSink({ client, table, clock: systemClock, group, functionName: `${group}-function`, functionVersion: '7' })

const items = async ({ client, failuresTable: TableName }: TestDeployment) =>
  (await client.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items ?? []

async function acknowledged(writing: Promise<readonly { readonly ok: boolean }[]>): Promise<void> {
  if ((await writing).some(({ ok }) => !ok)) throw new Error('not acknowledged')
}

/** Runs a command in this process; what it says is answered with its exit code. */
export async function run<Options extends object>(
  load: () => Promise<Command<Options>>,
  options: Options & CommonOptions,
  signal: AbortSignal = never,
  onLine: (event: string) => void = () => undefined,
) {
  const said: Record<string, unknown>[] = []
  const texts: string[] = []
  const voice = {
    say(event: string, text: string, facts: object = {}) {
      texts.push(text)
      onLine(event)
      said.push({ event, ...(JSON.parse(JSON.stringify(facts)) as object) })
    },
  }
  const command = await load()
  const code =
    (await command(options, {
      voice,
      stopping: { signal, asked: new Promise(() => undefined), release: () => undefined },
    })) ?? 0
  return { code, said, text: texts.join('\n'), of: (event: string) => said.filter((one) => one.event === event) }
}

/** What a topic holds, in the order of its partitions and offsets, as kafkajs reads it. */
export async function recordsOf({ kafka }: Ground, topic: string) {
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const count = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
  const consumer = kafka.consumer({ groupId: `reads-${systemClock.nonce()}`, maxWaitTimeInMs: 50 })
  const records: {
    partition: number
    offset: number
    key: string | null
    value: Buffer | null
    headers: Record<string, string | null>
  }[] = []
  if (count > 0) {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ partition, message: { offset, key, value, headers = {} } }) => {
          const texts = Object.entries(headers).map(([name, bytes]) => [name, bytes === null ? null : String(bytes)])
          records.push({
            partition,
            offset: Number(offset),
            key: key && String(key),
            value,
            headers: Object.fromEntries(texts),
          })
          if (records.length === count) resolve()
        },
      })
    })
    await consumer.disconnect()
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}
