import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** What one call of the store needs to know of its surroundings. */
export interface Table {
  readonly client: DynamoDBClient
  readonly name: string
  /** Called once per request, with what DynamoDB says it consumed. */
  spent(kind: 'read' | 'write', capacity: readonly (ConsumedCapacity | undefined)[] | undefined): void
}
