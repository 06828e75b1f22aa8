import type { Context } from 'aws-lambda'
import type { KafkaEvent } from './millrace.js'
import type { Work } from './orders.js'

/** One way to handle the records of a Kafka event. */
export interface Side {
  readonly name: string
  readonly work: Work
  deliver(event: KafkaEvent): Promise<void>
}

/** What Lambda hands to every invocation; 15 minutes are its longest. */
export function lambdaContext(): Context {
  const end = Date.now() + 900_000
  const nothing = () => {}
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'bench',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
    memoryLimitInMB: '1024',
    awsRequestId: '00000000-0000-4000-8000-000000000000',
    logGroupName: '/aws/lambda/bench',
    logStreamName: 'bench',
    getRemainingTimeInMillis: () => end - Date.now(),
    done: nothing,
    fail: nothing,
    succeed: nothing,
  }
}

/** The settings that the framework gives its client. */
export const clientSettings = { accountIdEndpointMode: 'disabled', cacheMiddleware: true, maxAttempts: 3 } as const

/** The tables of all sides, with their keys. */
export const tables = {
  'bench-ledger': ['pk', 'sk'],
  'bench-failures': ['pk', 'sk'],
  'bench-idempotency': ['id'],
  'bench-plain': ['pk', 'sk'],
} as const satisfies Record<string, readonly string[]>

/** What a deployment with these topics has in its environment. */
export function deploymentEnvironment(topics: readonly string[]): Record<string, string> {
  const mappings = topics.map((topic) => ({ topic, group: 'bench', partialResponses: true, withholds: false }))
  return {
    MILLRACE_LEDGER_TABLE: 'bench-ledger',
    MILLRACE_FAILURES_TABLE: 'bench-failures',
    MILLRACE_MAPPINGS: JSON.stringify(mappings),
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  }
}
