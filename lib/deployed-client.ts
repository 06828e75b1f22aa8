import { DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** DynamoDB, as a deployed function calls it: region, credentials and endpoint are those of its environment. */
export const deployedClient = (): DynamoDBClient =>
  new DynamoDBClient({
    // Two probes fewer at the first call, and no middleware stack built anew for each.
    accountIdEndpointMode: 'disabled',
    cacheMiddleware: true,
    maxAttempts: 3,
    // A store that is not there, or accepts and never answers, is an error within 5 s, not at the function's time-out.
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
  })
