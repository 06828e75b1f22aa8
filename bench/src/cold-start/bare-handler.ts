import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'

const dynamodb = new DynamoDBClient({})

/** The least that a function can be that has to do with DynamoDB: a client and one call. */
export const handler = async (): Promise<void> => {
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: process.env.ORDERS_TABLE,
      Key: { orderId: { S: 'bare' } },
      UpdateExpression: 'ADD effects :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  )
}
