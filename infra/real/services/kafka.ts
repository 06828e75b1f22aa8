import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { freePorts, type Service, startService } from './service.js'

/** A service from its jars. */
export interface ServiceOptions {
  /** The folder with its jars. */
  readonly jars: string
  /** The folder that takes its log. */
  readonly logs: string
  readonly signal: AbortSignal
}

/** Enough for the lane; what the broker caches beyond it is the system's. */
const heap = ['-Xmx512m', '-XX:+UseSerialGC']

/** Starts Apache Kafka, one node that is broker and controller, with nothing in it. @throws MillraceError `ML_REAL_START` */
export async function startKafka({ jars, logs, signal }: ServiceOptions): Promise<Service> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
  const [port = 0, controller = 0] = await freePorts(2)
  const config = join(scratch, 'server.properties')
  const logging = join(scratch, 'log4j2.properties')
  writeFileSync(config, properties(port, controller, join(scratch, 'data')))
  writeFileSync(logging, log4j)
  const java = ['-cp', join(jars, '*'), `-Dlog4j2.configurationFile=${logging}`]
  const storage = [...java, 'kafka.tools.StorageTool', 'format', '--cluster-id', clusterId, '--config', config]
  try {
    await promisify(execFile)('java', storage, { signal })
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true })
    throw error
  }
  const address = `127.0.0.1:${port}`
  return startService(
    {
      name: 'Apache Kafka',
      command: 'java',
      args: [...heap, ...java, 'kafka.Kafka', config],
      logFile: join(logs, 'kafka.log'),
      scratch,
      address,
      ask: () => isReady(address),
    },
    signal,
  )
}

/** Any one does: the cluster lives as long as a run. */
const clusterId = 'millrace-real-lane-001'

/** Records of the cases are old: nothing goes, nor moves to a segment of its own, for its age. */
const properties = (port: number, controller: number, data: string) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
controller.listener.names=CONTROLLER
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.roll.hours=876000
log.dirs=${data}
`

const log4j = `
rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.name=STDOUT
appender.stdout.type=Console
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d %p %c: %m%n
`

/** Whether it coordinates groups and transactions too: the topics behind them are made when first asked for. */
async function isReady(address: string): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 2 },
  })
  const admin = kafka.admin()
  const producer = kafka.producer({ transactionalId: 'millrace-ready' })
  try {
    await admin.connect()
    await admin.listTopics() // so that kafkajs knows whom to ask
    await admin.describeGroups(['millrace-ready'])
    await producer.connect()
    await (await producer.transaction()).abort()
    return true
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()])
  }
}
