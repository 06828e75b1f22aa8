export const msk = { arn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/6a7b-1', topic: 'orders' }
export const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-AbCdEf'
export const event = { topic: 'orders', bootstrapServers: 'b1:9092, b2:9092' }
export const provisionedPollerConfig = { minimumPollers: 1, maximumPollers: 4 }
export const alike = ['a.b', 'a-b', 'a_b', 'ab', 'Ab']

/** One function per way to declare a mapping; each is looked at by a test of its own. */
export const functions: Record<string, object[]> = {
  full: [
    {
      kafka: {
        ...event,
        consumerGroupId: 'full',
        provisionedPollerConfig,
        maximumBatchingWindow: 0,
        maximumRetryAttempts: 20,
        maximumRecordAgeInSeconds: 3_600,
        bisectBatchOnFunctionError: true,
      },
    },
  ],
  registered: [
    {
      kafka: {
        ...event,
        consumerGroupId: 'registered',
        provisionedPollerConfig,
        accessConfigurations: { saslScram512Auth: secret },
        schemaRegistryConfig: {
          schemaRegistryURI: 'https://registry.example',
          eventRecordFormat: 'JSON',
          accessConfigs: [{ type: 'BASIC_AUTH', uri: secret }],
          schemaValidationConfigs: [{ attribute: 'VALUE' }],
        },
      },
    },
  ],
  demanded: [{ kafka: { ...event, consumerGroupId: 'demanded', filterPatterns: [{ value: { region: ['eu'] } }] } }],
  managed: [
    {
      msk: {
        ...msk,
        consumerGroupId: 'managed',
        maximumBatchingWindow: 0,
        provisionedPollerConfig: { minimumPollers: 2 },
      },
    },
  ],
  alike: alike.map((topic) => ({ kafka: { ...event, topic, consumerGroupId: 'alike', provisionedPollerConfig } })),
  hourly: [{ schedule: 'rate(1 hour)' }],
}
