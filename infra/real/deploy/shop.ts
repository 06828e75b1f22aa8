import { stringify } from 'yaml'
import { account, region } from './clients.js'

const secret = `arn:aws:secretsmanager:${region}:${account}:secret:kafka-AbCdEf`
const onCall = `arn:aws:sns:${region}:${account}:on-call`
const cluster = `arn:aws:kafka:${region}:${account}:cluster/shop/6a7b-1`

/** What changes between two deployments of the shop. */
export interface Version {
  /** Seconds. */
  readonly timeout: number
  readonly batchSize: number
  /** What the function `audit` reads, and as which group. */
  readonly auditTopic: string
  readonly auditGroup: string
  /** With a function more. */
  readonly refunds: boolean
  /** More of them in 5 minutes are an alarm. */
  readonly abandoned: number
}

export const first: Version = {
  timeout: 60,
  batchSize: 500,
  auditTopic: 'audit',
  auditGroup: 'audit',
  refunds: false,
  abandoned: 0,
}
export const second: Version = {
  timeout: 120,
  batchSize: 250,
  auditTopic: 'audit.v2',
  auditGroup: 'audit.v2',
  refunds: true,
  abandoned: 5,
}

/** A service with a mapping of each kind, as files. */
export function shop(version: Version): Readonly<Record<string, string>> {
  const handlers = ['orders', 'payments', 'audit', ...(version.refunds ? ['refunds'] : [])]
  return {
    'serverless.yml': stringify(configuration(version)),
    'esbuild.config.mjs': "export { config as 'module.exports' } from 'millrace/esbuild'\n",
    'functions/hourly.js': 'export const handler = async () => {}\n',
    ...Object.fromEntries(handlers.map((name) => [`functions/${name}.js`, handler])),
  }
}

const handler = `import { kafkaFunction } from 'millrace'
export const handler = kafkaFunction({}, () => {})
`

const brokers = {
  bootstrapServers: ['b1.example:9096', 'b2.example:9096'],
  accessConfigurations: { saslScram512Auth: secret },
}
const provisionedPollerConfig = { minimumPollers: 1, maximumPollers: 4 }

function configuration({ timeout, batchSize, auditTopic, auditGroup, refunds, abandoned }: Version): object {
  return {
    service: 'shop',
    frameworkVersion: '4',
    plugins: ['serverless-esbuild', 'millrace/plugin'],
    custom: {
      esbuild: { config: './esbuild.config.mjs' },
      millrace: { alarms: { topic: onCall, abandoned: { records: abandoned } } },
    },
    provider: { name: 'aws', runtime: 'nodejs22.x', region },
    package: { individually: true },
    functions: {
      orders: {
        handler: 'functions/orders.handler',
        ...{ timeout, memorySize: 1024 },
        events: [
          { kafka: { topic: 'orders', consumerGroupId: 'orders', batchSize, ...brokers, provisionedPollerConfig } },
        ],
      },
      payments: {
        handler: 'functions/payments.handler',
        timeout: 60,
        events: [
          {
            msk: {
              arn: cluster,
              topic: 'payments',
              consumerGroupId: 'payments',
              batchSize: 100,
              provisionedPollerConfig,
            },
          },
        ],
      },
      audit: {
        handler: 'functions/audit.handler',
        timeout: 60,
        events: [{ kafka: { topic: auditTopic, consumerGroupId: auditGroup, batchSize: 100, ...brokers } }],
      },
      ...(refunds && {
        refunds: {
          handler: 'functions/refunds.handler',
          timeout: 60,
          events: [{ kafka: { topic: 'refunds', consumerGroupId: 'refunds', ...brokers, provisionedPollerConfig } }],
        },
      }),
      hourly: { handler: 'functions/hourly.handler', events: [{ schedule: 'rate(1 hour)' }] },
    },
  }
}

/** The mappings as Lambda has to have them, each value as `serverless.yml` says it or the plugin completes it. */
export function mappingsOf({ batchSize, auditTopic, auditGroup, refunds }: Version): Readonly<Record<string, object>> {
  const source = {
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: brokers.bootstrapServers } },
    SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: secret }],
  }
  const selfManaged = (topic: string, ConsumerGroupId: string) => ({
    ...{ ...source, Topics: [topic], SelfManagedKafkaEventSourceConfig: { ConsumerGroupId } },
    ...{ StartingPosition: 'TRIM_HORIZON', State: 'Enabled' },
  })
  const provisioned = {
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  }
  return {
    orders: { ...selfManaged('orders', 'orders'), ...provisioned, BatchSize: batchSize },
    payments: {
      ...{ EventSourceArn: cluster, Topics: ['payments'], BatchSize: 100, StartingPosition: 'TRIM_HORIZON' },
      ...{ AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'payments' }, State: 'Enabled', ...provisioned },
    },
    audit: { ...selfManaged(auditTopic, auditGroup), BatchSize: 100 },
    ...(refunds && { refunds: { ...selfManaged('refunds', 'refunds'), ...provisioned } }),
  }
}
