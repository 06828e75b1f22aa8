import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { IAMClient } from '@aws-sdk/client-iam'
import { LambdaClient } from '@aws-sdk/client-lambda'

/** Where moto says that all things are. */
export const region = 'eu-central-1'
export const account = '123456789012'

/** What AWS's own clients and osls need to reach moto, and nothing else of this machine. */
export function motoEnvironment(address: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: address,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    // How often osls asks whether a stack is done, in milliseconds: here it always is.
    SLS_AWS_MONITORING_FREQUENCY: '250',
  }
}

export type Clients = ReturnType<typeof clientsOf>

/** Real clients, to read back what was deployed. */
export function clientsOf(endpoint: string) {
  const settings = { endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
  return {
    cloudFormation: new CloudFormationClient(settings),
    cloudWatch: new CloudWatchClient(settings),
    logs: new CloudWatchLogsClient(settings),
    dynamodb: new DynamoDBClient(settings),
    iam: new IAMClient(settings),
    lambda: new LambdaClient(settings),
  }
}
