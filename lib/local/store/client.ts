import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'

/**
 * What a process needs in its environment to call a local store: any credentials do, and those of this process are kept, as is
 * its region, because some stores keep a set of tables for each.
 */
export function storeEnvironment(url: string, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env
  return {
    AWS_ENDPOINT_URL_DYNAMODB: url,
    AWS_REGION: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    AWS_ACCESS_KEY_ID: id && secret ? id : 'local',
    AWS_SECRET_ACCESS_KEY: id && secret ? secret : 'local',
    ...(id && secret && token ? { AWS_SESSION_TOKEN: token } : {}),
  }
}

/** Where a client of AWS finds what runs on this machine, with the region and credentials of {@link storeEnvironment}. */
export function localClient(url: string) {
  const env = storeEnvironment(url)
  return {
    endpoint: url,
    region: env.AWS_REGION ?? '',
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
    },
  }
}

/** A client of a local store. Destroy it when done. @param requestHandler how long its calls may take; without it, for ever */
export const storeClient = (
  url: string,
  requestHandler: DynamoDBClientConfig['requestHandler'] & object = {},
): DynamoDBClient => new DynamoDBClient({ ...localClient(url), requestHandler, accountIdEndpointMode: 'disabled' })
