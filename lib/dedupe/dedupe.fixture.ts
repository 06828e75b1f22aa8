import { BatchExecuteStatementCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Clock, systemClock } from '../clock.js'
import { type RawRecord, readBatch } from '../event/index.js'
import { type Claimed, dynamodbStore, type Ledger, openLedger } from '../ledger/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import type { TestDeployment } from '../testing/index.js'
import { type Deduplicator, type KeyedPartition, type KeyVerdict, openDeduplicator, type Scope } from './index.js'

/** A record as a test names it: its partition, its offset, its key. */
export type Spec = readonly [partition: number, offset: number, key: string, timestamp?: number]

/** What a test says of a verdict. */
export type Told = 'first' | 'settled' | 'reported' | 'same batch'

let groups = 0

/** One group on one store: a ledger, a deduplicator, and time that stands still. */
export function environment(
  deployment: TestDeployment,
  scope: Scope,
  { ttlSeconds = 3_600, group = `g${groups++}` } = {},
) {
  const time = { now: 1_800_000_000_000 }
  const clock: Clock = { ...systemClock, now: () => time.now, sleep: async () => {} }
  const open = (client: DynamoDBClient = deployment.client): Environment => {
    const store = dynamodbStore(client, deployment.ledgerTable)
    return {
      ledger: openLedger({ store, clock, group, leaseMs: 10_000, withholds: false }),
      dedupe: openDeduplicator({ client, table: deployment.ledgerTable, store, clock, group, scope, ttlSeconds }),
      clock,
    }
  }
  return { ...open(), open, time, group }
}

export interface Environment {
  readonly ledger: Ledger
  readonly dedupe: Deduplicator
  readonly clock: Clock
}

export interface Delivery {
  readonly claims: readonly Claimed[]
  readonly verdicts: ReadonlyMap<RawRecord, KeyVerdict>
  /** By `partition:offset`. */
  readonly told: Readonly<Record<string, Told>>
  /** Settles these records, and leaves the others open as failed once. */
  settle(...settled: readonly string[]): Promise<void>
  /** Settles these records, leaves these open, and the others as never started. */
  leave(settled: readonly string[], failed: readonly string[]): Promise<void>
}

export const nameOf = ({ partition, offset }: { partition: number; offset: number }) => `${partition}:${offset}`

/** Claims, and reserves the keys of what is due; busy partitions are left out. */
export async function deliver({ ledger, dedupe, clock }: Environment, ...specs: readonly Spec[]): Promise<Delivery> {
  const keys = new Map(specs.map(([partition, offset, key]) => [nameOf({ partition, offset }), key]))
  const records = specs.map(([partition, offset, , timestamp = 1_700_000_000_000 + offset]) => ({
    partition,
    offset,
    timestamp,
    value: 'v',
  }))
  const { partitions } = readBatch(kafkaEvent({ topic: 't', records }))
  const owner = clock.nonce()
  const holder = { owner, deadline: Number.POSITIVE_INFINITY }
  const claims = (await ledger.claim(partitions, holder)).filter((one) => one.kind === 'claimed')
  const keyed = claims.map(
    ({ partition: { topic, partition }, state, todo }): KeyedPartition => ({
      topic,
      partition,
      state,
      records: todo.map((record) => ({ record, key: keys.get(nameOf(record)) ?? '' })),
    }),
  )
  const verdicts = await dedupe.reserve(keyed, clock.now())
  const told = Object.fromEntries(Array.from(verdicts, ([record, verdict]) => [nameOf(record), tell(verdict)]))
  const leave = async (settled: readonly string[], failed: readonly string[]) => {
    const progress = claims.map((claimed) => ({
      claimed,
      abandoned: claimed.abandoned.map(({ offset }) => offset),
      whole: false,
      hold: null,
      records: claimed.partition.records.map((record) => {
        const { offset, timestamp } = record
        const isDone = !claimed.todo.includes(record) || settled.includes(nameOf(record))
        const entry = {
          offset,
          timestamp,
          attempts: 1,
          deaths: 0,
          convicted: false,
          givenUp: false,
          notBefore: 0,
          holds: 0,
          firstSeen: 0,
        }
        const left = failed.includes(nameOf(record)) ? { kind: 'open' as const, entry } : { kind: 'pending' as const }
        return { offset, timestamp, disposition: isDone ? { kind: 'settled' as const } : left }
      }),
    }))
    const recorded = await ledger.record(progress, holder)
    if (recorded.some(({ kind }) => kind !== 'written')) throw new Error('not recorded')
  }
  return { claims, verdicts, told, leave, settle: (...settled) => leave(settled, [...keys.keys()]) }
}

function tell(verdict: KeyVerdict): Told {
  if (verdict.kind === 'first') return 'first'
  if (verdict.ofSettled) return 'settled'
  return verdict.sameBatch ? 'same batch' : 'reported'
}

const reads = new Set(['BatchGetItemCommand', 'QueryCommand'])

/** A client some of whose writes are not answered, whether the store saw them or not. */
export function losing(
  client: DynamoDBClient,
  fate: () => 'answered' | 'lost before' | 'lost after' | undefined,
): DynamoDBClient {
  const send = async (command: BatchExecuteStatementCommand) => {
    const fallen = reads.has(command.constructor.name) ? 'answered' : (fate() ?? 'answered')
    const answer = fallen === 'lost before' ? undefined : await client.send(command)
    if (fallen !== 'answered') throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
    return answer
  }
  return Object.assign(Object.create(client), { send })
}

/** A client that makes the writes of one call one after another, the last first: nothing says that they come together. */
export function backwards(client: DynamoDBClient): DynamoDBClient {
  const send = async (command: BatchExecuteStatementCommand) => {
    if (!(command instanceof BatchExecuteStatementCommand)) return client.send(command)
    const Responses = []
    for (const statement of command.input.Statements?.toReversed() ?? []) {
      const one = await client.send(new BatchExecuteStatementCommand({ ...command.input, Statements: [statement] }))
      Responses.unshift(...(one.Responses ?? []))
    }
    return { Responses, $metadata: {} }
  }
  return Object.assign(Object.create(client), { send })
}
