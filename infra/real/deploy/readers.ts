import { DescribeAlarmsCommand, GetDashboardCommand } from '@aws-sdk/client-cloudwatch'
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam'
import { GetEventSourceMappingCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import type { Clients } from './clients.js'

/** Reads a resource by its physical id, and answers it in the words of CloudFormation. */
type Reader = (id: string, clients: Clients) => Promise<object>

export const readers: Readonly<Record<string, Reader>> = {
  'AWS::Lambda::Function': async (FunctionName, { lambda }) =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),

  'AWS::Lambda::EventSourceMapping': async (UUID, { lambda }) => {
    const { SelfManagedEventSource: source, ...read } = await lambda.send(new GetEventSourceMappingCommand({ UUID }))
    const KafkaBootstrapServers = source?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS
    const selfManaged = source && { SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers } } }
    return { ...read, ...selfManaged, FunctionName: read.FunctionArn, Enabled: read.State === 'Enabled' }
  },

  'AWS::DynamoDB::Table': async (TableName, { dynamodb }) => {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }))
    const { TimeToLiveDescription: ttl } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }))
    const backups = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }))
    const recovery = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
    return {
      ...Table,
      BillingMode: Table?.BillingModeSummary?.BillingMode,
      TimeToLiveSpecification: { AttributeName: ttl?.AttributeName, Enabled: ttl?.TimeToLiveStatus === 'ENABLED' },
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: recovery?.PointInTimeRecoveryStatus === 'ENABLED',
      },
      SSESpecification: {
        SSEEnabled: Table?.SSEDescription?.Status === 'ENABLED',
        SSEType: Table?.SSEDescription?.SSEType,
        KMSMasterKeyId: Table?.SSEDescription?.KMSMasterKeyArn,
      },
    }
  },

  'AWS::CloudWatch::Alarm': async (name, { cloudWatch }) => {
    const { MetricAlarms: [alarm] = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }))
    return { ...alarm }
  },

  'AWS::CloudWatch::Dashboard': async (DashboardName, { cloudWatch }) =>
    cloudWatch.send(new GetDashboardCommand({ DashboardName })),

  'AWS::IAM::Role': async (RoleName, { iam }) => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }))
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))
    const inline = PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))
      return { PolicyName, PolicyDocument: decoded(PolicyDocument) }
    })
    return {
      ...Role,
      AssumeRolePolicyDocument: decoded(Role?.AssumeRolePolicyDocument),
      Policies: await Promise.all(inline),
      ManagedPolicyArns: AttachedPolicies.map(({ PolicyArn }) => PolicyArn),
    }
  },

  'AWS::Logs::LogGroup': async (logGroupNamePrefix, { logs }) => {
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }))
    const found = logGroups.find(({ logGroupName }) => logGroupName === logGroupNamePrefix)
    return { LogGroupName: found?.logGroupName, RetentionInDays: found?.retentionInDays }
  },
}

const decoded = (document = '{}') => JSON.parse(decodeURIComponent(document))
