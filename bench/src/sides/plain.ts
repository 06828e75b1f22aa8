import { BatchExecuteStatementCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { KafkaEvent } from './millrace.js'
import { handleOrder, noWork, Order } from './orders.js'
import { clientSettings, type Side } from './side.js'

/** How many bytes of state a claim and a settle carry. */
export interface StateBytes {
  readonly claim: number
  readonly settle: number
}

type Handle = (record: { readonly value: Order }) => Promise<void>

const statementsPerCall = 25

/**
 * The limit: decode, validate, call the handler, and two writes per source partition in as few calls as DynamoDB takes. It knows
 * nothing: no failures, no duplicates, no order of keys, no deadline, no log.
 */
export function plain(bytes: StateBytes, handle?: Handle): Side {
  const work = noWork()
  const handler = handle ?? ((record) => handleOrder(work, record))
  const calls = plainCalls(bytes)
  return {
    name: 'plain loop',
    work,
    async deliver(event) {
      const partitions = Object.keys(event.records)
      await calls.claim(partitions)
      await Promise.all(Object.values(event.records).map((records) => runLane(records, handler)))
      await calls.settle(partitions)
    },
  }
}

async function runLane(records: KafkaEvent['records'][string], handle: Handle): Promise<void> {
  for (const { topic, partition, offset, timestamp, key, value } of records) {
    // The handler is given what the framework gives it: where the record is from, its key, and its value.
    const record = {
      topic,
      partition,
      offset,
      timestamp,
      key: text(key),
      value: Order.parse(JSON.parse(text(value) ?? '')),
    }
    await handle(record)
  }
}

const text = (base64: string | null | undefined) => (base64 == null ? null : Buffer.from(base64, 'base64').toString())

/** The framework's calls and no more: the same statements, sizes and versions. */
export function plainCalls(bytes: StateBytes) {
  const client = new DynamoDBClient(clientSettings)
  const versions = new Map<string, number>()
  async function writeAll(partitions: readonly string[], stateBytes: number): Promise<void> {
    const chunks = Array.from({ length: Math.ceil(partitions.length / statementsPerCall) }, (_, i) =>
      partitions.slice(i * statementsPerCall, (i + 1) * statementsPerCall),
    )
    await Promise.all(chunks.map((chunk) => write(chunk, stateBytes)))
  }
  async function write(partitions: readonly string[], stateBytes: number): Promise<void> {
    const { Responses = [] } = await client.send(
      new BatchExecuteStatementCommand({
        Statements: partitions.map((partition) => statement(partition, stateBytes)),
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    if (Responses.some(({ Error: error }) => error !== undefined))
      throw new Error('a write of the plain loop was refused')
  }
  function statement(partition: string, stateBytes: number) {
    const known = versions.get(partition) ?? 0
    versions.set(partition, known + 1)
    const [pk, sk] = [{ S: partition }, { S: 'ledger' }]
    const set = [{ N: String(known + 1) }, { S: 'a'.repeat(21) }, { B: new Uint8Array(stateBytes) }]
    return known === 0
      ? {
          Statement: `INSERT INTO "bench-plain" VALUE {'pk': ?, 'sk': ?, 'v': ?, 'w': ?, 's': ?}`,
          Parameters: [pk, sk, ...set],
        }
      : {
          Statement: 'UPDATE "bench-plain" SET "v" = ?, "w" = ?, "s" = ? WHERE "pk" = ? AND "sk" = ? AND "v" = ?',
          Parameters: [...set, pk, sk, { N: String(known) }],
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
        }
  }
  return {
    claim: (partitions: readonly string[]) => writeAll(partitions, bytes.claim),
    settle: (partitions: readonly string[]) => writeAll(partitions, bytes.settle),
  }
}
