import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from 'aws-lambda'
import type { Message } from 'kafkajs'
import type { BatchResponse, KafkaEvent } from '../../event/index.js'
import { startControl } from '../../local/control/index.js'
import { type MappingConfig, type RunningMapping, startMapping } from '../../local/esm/index.js'
import { config, ok } from '../../local/esm/mapping.fixture.js'
import { invoke } from '../../testing/index.js'
import { type Ground, startGround } from '../failures/failures.fixture.js'
import { noteLocalRun } from '../target/index.js'

type Handler = (event: KafkaEvent, context: Context) => Promise<BatchResponse>

/** What `millrace dev` runs of one function, in this process. */
export interface Local {
  readonly ground: Ground
  readonly mappings: RunningMapping[]
  /** Runs a function on a topic of its own with these partitions. */
  add(name: string, handler: Handler, changes?: Partial<MappingConfig>): Promise<RunningMapping>
  /** Makes a topic without a function. */
  produce(topic: string, messages: readonly Message[]): Promise<void>
  stop(): Promise<void>
}

/** In a folder of its own, which becomes the current one. */
export async function startLocal(): Promise<Local> {
  const ground = await startGround()
  const home = process.cwd()
  const dir = mkdtempSync(join(tmpdir(), 'millrace-operations-'))
  const mappings: RunningMapping[] = []
  const { endpoint: dynamodbUrl, brokers: address } = ground.options
  const brokers = [address]
  const control = await startControl({ running: () => ({ mappings, brokers }) })
  const producer = ground.kafka.producer()
  await producer.connect()
  process.chdir(dir)
  const note = (): void => {
    noteLocalRun(dir, {
      ...{ pid: process.pid, brokers, dynamodbUrl, lambdaUrl: control.url },
      ...{ ledgerTable: ground.ledgerTable, failuresTable: ground.table },
      functions: mappings.map(({ config: { functionName, topic, group } }) => ({
        ...{ name: functionName.replace('shop-dev-', ''), deployed: functionName, topic, group, brokers },
      })),
    })
  }
  return {
    ground,
    mappings,
    async add(name, handler, changes = {}) {
      const functionName = `shop-dev-${name}`
      const given = { functionName, id: name, topic: name, group: `${name}-group`, batchingWindowMs: 0, ...changes }
      await ground.createTopic(given.topic, 2)
      const told = { topic: given.topic, group: given.group, partialResponses: true, withholds: false }
      const all = JSON.parse(process.env.MILLRACE_MAPPINGS ?? '[]') as { topic: string }[]
      process.env.MILLRACE_MAPPINGS = JSON.stringify([...all.filter(({ topic }) => topic !== told.topic), told])
      const running = await startMapping(config(given), {
        brokers,
        invoke: async (event) => ok(await invoke(handler, event)),
        retryBackoffMs: () => 5,
      })
      mappings.push(running)
      note()
      return running
    },
    produce: async (topic, messages) => void (await producer.send({ topic, messages: [...messages] })),
    async stop() {
      await Promise.all(mappings.map((one) => one.stop()))
      await producer.disconnect()
      await control.stop()
      process.chdir(home)
      rmSync(dir, { recursive: true })
      await ground.stop()
    },
  }
}
