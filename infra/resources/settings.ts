/** `tables` in `custom.millrace`: how the ledger and the failures table are kept. */
export interface TableSettings {
  /** Continuous backups, restorable to any second of the last 35 days. Default true. */
  readonly pointInTimeRecovery?: boolean
  /** DynamoDB refuses to delete the tables until this is turned off. Default false. */
  readonly deletionProtection?: boolean
  /** A KMS key of your own: its ARN, or a CloudFormation function that gives it. Default: DynamoDB's own key. */
  readonly kmsKeyArn?: unknown
  /**
   * True: they are there, and no part of the stack. False: they are part of the stack. Default: `serverless deploy` asks, and
   * takes a table as it is that outlived a stack.
   */
  readonly existing?: boolean
}

/** `logs` in `custom.millrace`. */
export interface LogSettings {
  /** Days that the logs of functions that read Kafka are kept where osls is told nothing. Default 30. */
  readonly retentionDays?: number
}

const boolean = { type: 'boolean' } as const

/** What `custom.millrace` may say of tables and logs. */
export const resourceSettings = {
  tables: {
    type: 'object',
    properties: {
      pointInTimeRecovery: boolean,
      deletionProtection: boolean,
      kmsKeyArn: { $ref: '#/definitions/awsKmsArn' },
      existing: boolean,
    },
    additionalProperties: false,
  },
  logs: {
    type: 'object',
    // osls knows which numbers of days CloudWatch takes.
    properties: { retentionDays: { $ref: '#/definitions/awsLogRetentionInDays' } },
    additionalProperties: false,
  },
} as const

/** What `millrace` of a function may say of its permissions. */
export const permissionSettings = { iamStatements: { $ref: '#/definitions/awsIamPolicyStatements' } } as const
