import { expect, it } from 'vitest'
import { localTables } from './local-tables.js'

it('Tables are created locally as they are declared, on demand, with their indexes; one without a plain name is reported', () => {
  const KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' }]
  const AttributeDefinitions = [{ AttributeName: 'id', AttributeType: 'S' }]
  const index = { IndexName: 'by-id', KeySchema, Projection: { ProjectionType: 'ALL' } }
  const throughput = { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } }
  const reported: string[] = []
  const tables = localTables(
    {
      Orders: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'orders',
          KeySchema,
          AttributeDefinitions,
          ...throughput,
          GlobalSecondaryIndexes: [{ ...index, ...throughput }],
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      },
      Nameless: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: { 'Fn::Sub': 'x' } } },
      Bucket: { Type: 'AWS::S3::Bucket' },
    },
    (text) => reported.push(text),
  )
  expect(tables).toEqual([
    {
      TableName: 'orders',
      KeySchema,
      AttributeDefinitions,
      GlobalSecondaryIndexes: [index],
      BillingMode: 'PAY_PER_REQUEST',
    },
  ])
  expect(reported).toEqual([expect.stringMatching(/^table Nameless is not created on the local store: give it/)])
})
