export const msk = { arn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/6a7b-1', topic: 'orders' }
export const otherCluster = 'arn:aws:kafka:eu-central-1:123456789012:cluster/other/8c9d-2'
export const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-AbCdEf'
export const event = { topic: 'orders', bootstrapServers: 'b1.example.com:9092, b2.example.com:9092' }
export const provisionedPollerConfig = { minimumPollers: 1, maximumPollers: 4 }
export const alike = ['a.b', 'a-b', 'a_b', 'ab', 'Ab']
export const network = { vpcSubnet: ['subnet-1a', 'subnet-1b'], vpcSecurityGroup: 'sg-1a' }

/** One function per way to sign in to a cluster of one's own. */
export const signingIn: Record<string, object> = {
  plain: { ...network, saslPlainAuth: secret },
  scram256: { saslScram256Auth: [secret] },
  certified: { clientCertificateTlsAuth: { Ref: 'Certificate' }, serverRootCaCertificate: { Ref: 'Authority' } },
  role: { iamAuth: true },
  token: { iamOauthbearerAuth: true, oauthbearerAudience: 'kafka.example' },
  oauth: {
    oauthbearerAuth: secret,
    oauthbearerScope: 'kafka',
    oauthbearerAudience: 'kafka.example',
    oauthbearerLogicalCluster: 'lkc-1',
    oauthbearerIdentityPool: 'pool-1',
  },
}

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
        partitions: 12,
        onFailureDestination: 'kafka://dead',
        metricsConfig: { metrics: ['EventCount'] },
        loggingConfig: { systemLogLevel: 'INFO' },
        kmsKeyArn: { 'Fn::GetAtt': ['Key', 'Arn'] },
        tags: { team: 'checkout' },
        startingPosition: 'AT_TIMESTAMP',
        startingPositionTimestamp: 1_700_000_000,
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
        provisionedPollerConfig: { minimumPollers: 200, maximumPollers: 2_000, pollerGroupName: 'shop' },
        onFailureDestination: { 'Fn::GetAtt': ['DeadQueue', 'Arn'] },
        accessConfigurations: { clientCertificateTlsAuth: secret },
      },
    },
  ],
  several: [
    { kafka: { ...event, consumerGroupId: 'several', onFailureDestination: { Ref: 'DeadTopic' } } },
    { msk: { ...msk, topic: 'refunds', consumerGroupId: 'several-refunds', saslScram512: secret } },
    { msk: { arn: otherCluster, topic: 'a.b', consumerGroupId: 'several-a.b', metricsConfig: { metrics: [] } } },
  ],
  another: [{ msk: { arn: otherCluster, topic: 'orders', consumerGroupId: 'another' } }],
  alike: alike.map((topic) => ({
    kafka: { ...event, topic, consumerGroupId: `alike-${topic}`, provisionedPollerConfig },
  })),
  ...Object.fromEntries(
    Object.entries(signingIn).map(([name, accessConfigurations]) => [
      name,
      [{ kafka: { ...event, consumerGroupId: name, accessConfigurations } }],
    ]),
  ),
  hourly: [{ schedule: 'rate(1 hour)' }],
}

/** What the mappings refer to. */
export const referred = {
  Certificate: { Type: 'AWS::SecretsManager::Secret' },
  Authority: { Type: 'AWS::SecretsManager::Secret' },
  DeadQueue: { Type: 'AWS::SQS::Queue' },
  DeadTopic: { Type: 'AWS::SNS::Topic' },
  Key: {
    Type: 'AWS::KMS::Key',
    Properties: {
      KeyPolicy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }],
      },
    },
  },
}
