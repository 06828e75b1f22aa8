import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Kafka } from 'kafkajs'
import { storeClient, storeEnvironment } from '../lib/local/store/index.js'
import { packageService, readService } from '../lib/local/template/index.js'
import { type StoreProxy, startStoreProxy } from '../lib/testing/faults/index.js'
import { emptyTables, emptyTopic } from './clean.js'
import type { Cleanup } from './cleanup.js'
import {
  type Costs,
  costMeter,
  failingDownstream,
  firstOf,
  type LedgerBreak,
  losesOneFailure,
  losesOneSettle,
} from './faults/index.js'
import { kafkaClient } from './kafka.js'
import type { Logs } from './logs.js'
import type { StartOptions } from './options.js'
import { type Planned, planOrders } from './orders/index.js'
import type { Stages } from './stages.js'
import { createTables, type Ground, startGround } from './system.js'
import { type Target, targetOf } from './target.js'

/** Partitions of the topic. */
export const partitions = 4

/** What every part of the job works with. */
export interface Surroundings {
  readonly options: StartOptions
  readonly stages: Stages
  readonly logs: Logs
  readonly stopLater: Cleanup
}

/** Everything that has to stand before the first record is produced. */
export interface Prepared {
  readonly target: Target
  readonly ground: Ground
  readonly planned: readonly Planned[]
  readonly proxy: StoreProxy
  readonly costs: () => Costs
  readonly broken: LedgerBreak | undefined
  /** Plain clients, past the proxy. */
  readonly kafka: Kafka
  readonly store: DynamoDBClient
}

/** Packages the service, starts Kafka, DynamoDB and the proxy, and makes sure that topic and tables are there and empty. */
export async function prepare({ options, stages, logs, stopLater }: Surroundings): Promise<Prepared> {
  await stages.run('packaging with serverless', () => packageService('.', { log: logs.local }))
  const service = readService('.', storeEnvironment('').AWS_REGION ?? '')
  const target = targetOf(service)
  const ground = await stages.run('starting Kafka and DynamoDB', () => startGround(stopLater, logs.local))
  const planned = planOrders({ orders: options.orders, partitions, swap: options.break === 'order' })
  const { broken, costs, proxy } = await faults(options, target, ground, planned)
  stopLater.add('the fault proxy', () => proxy.stop())
  const kafka = kafkaClient(ground.brokers, logs.local)
  const store = storeClient(ground.storeUrl)
  stopLater.add("the verifier's store client", () => store.destroy())
  await stages.run('creating topic and tables', async () => {
    await createTables(ground.storeUrl, service)
    await emptyTables(store, Object.values(target.tables))
    await emptyTopic(kafka, target.mapping, partitions)
  })
  return { target, ground, planned, proxy, costs, broken, kafka, store }
}

async function faults(options: StartOptions, { tables }: Target, { storeUrl }: Ground, planned: readonly Planned[]) {
  const broken = options.break === 'ledger' ? losesOneSettle(tables.ledger) : undefined
  const rules = [
    failingDownstream(tables.orders, planned),
    ...(broken ? [broken.fault] : []),
    ...(options.break === 'fallback' ? [losesOneFailure(tables.failures)] : []),
  ]
  const meter = costMeter(tables.ledger)
  const proxy = await startStoreProxy({ target: storeUrl, rule: firstOf(rules), onExchange: meter.count })
  return { broken, proxy, costs: () => meter.costs }
}
