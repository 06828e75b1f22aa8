/** A table as CloudFormation and `CreateTable` both spell it. */
export interface TableDefinition {
  readonly TableName: string
  readonly BillingMode: 'PAY_PER_REQUEST'
  readonly KeySchema: { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[]
  readonly AttributeDefinitions: { AttributeName: string; AttributeType: 'S' }[]
}

/** Both framework tables have the same key: `pk` and `sk`, strings. */
const keyedByPkAndSk = (name: string): TableDefinition => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
})

/** The ledger table: one item per group and source partition (DESIGN §5). */
export const ledgerTable = keyedByPkAndSk

/** The failures table: one envelope per record given up on, in several items when it is large. */
export const failuresTable = keyedByPkAndSk

/** The attribute that holds the time, in unix seconds, after which DynamoDB may delete an item of either table. */
export const ttlAttribute = 'expires'
