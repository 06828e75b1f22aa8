import { type CreateTableCommandInput, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { type Clock, systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import {
  type AtomicWrite,
  type Delivery,
  dynamodbStore,
  itemKey,
  type LedgerState,
  type LedgerStore,
  openLedger,
} from '../ledger/index.js'
import { ok } from '../outcome/index.js'
import { type FallbackSink, failuresSink } from '../sink/index.js'
import { kafkaEvent, type RecordSpec } from '../testing/events/index.js'
import type { TestDeployment } from '../testing/index.js'
import type { Engine, Invocation } from './engine.js'
import type { Policy, RetryPolicy } from './policy.js'
import { type Processed, processBatch } from './process.js'

/** A clock that a test moves on. Who sleeps moves it on, too. */
export class TestClock implements Clock {
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  #now = 1_800_000_000_000
  now = (): number => this.#now
  random = (): number => 0.5
  nonce = systemClock.nonce
  sleep = async (ms: number): Promise<void> => this.advance(Math.ceil(ms))
  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Moves on by so many milliseconds, and calls what is due meanwhile, in its order. */
  advance(ms: number): void {
    const end = this.#now + ms
    const next = () => [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
    for (let timer = next(); timer !== undefined; timer = next()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
    }
    this.#now = end
  }
}

/** A table of the handlers' own, for what they write atomically. */
export const effectsTable: CreateTableCommandInput = {
  TableName: 'test-effects',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
}

/** Adds to the number of an item. */
export const add = (id: string, n = 1): AtomicWrite => ({
  Update: {
    TableName: effectsTable.TableName,
    Key: { id: { S: id } },
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': { N: String(n) } },
  },
})

/** Puts an item with a number; `condition` may refuse it. */
export const put = (id: string, n: number, condition?: string): AtomicWrite => ({
  Put: {
    TableName: effectsTable.TableName,
    Item: { id: { S: id }, n: { N: String(n) } },
    ...(condition !== undefined && { ConditionExpression: condition }),
  },
})

/** Puts an item of about so many bytes. */
export const large = (name: string, bytes: number): AtomicWrite => {
  const { Put } = put(name, 1)
  return { Put: { TableName: Put?.TableName, Item: { ...Put?.Item, bytes: { S: 'x'.repeat(bytes) } } } }
}

/** Failures are due at once, unless a test says otherwise; nothing is classified. */
export const policyOf = (retry: Partial<RetryPolicy> = {}, rest: Partial<Policy> = {}): Policy => ({
  retry: {
    attempts: 3,
    intervalMs: 0,
    factor: 2,
    capMs: 30_000,
    jitter: 'none',
    maxAgeMs: Number.POSITIVE_INFINITY,
    onExhausted: 'fallback',
    ...retry,
  },
  hold: { maxDeliveries: 100 },
  poison: { decode: 'fallback', validate: 'fallback', process: 'fallback', sink: 'fallback' },
  classify: () => ({ status: 'retry', rule: 'failed' }),
  ...rest,
})

/** What a test may choose of an environment; the rest is as in a deployed function. */
export interface EnvironmentOptions extends Partial<Omit<Engine, 'ledger' | 'clock' | 'log'>> {
  readonly delivery?: Delivery
  readonly leaseMs?: number
  /** Stands in front of the ledger's store. */
  /** Runs of a record. Default 3. */
  readonly attempts?: number
  readonly through?: (store: LedgerStore) => LedgerStore
}

/** An execution environment of one function, which may die. */
export interface Environment {
  readonly engine: Engine
  readonly logged: { readonly message: string; readonly fields: Record<string, unknown> }[]
  readonly dead: boolean
  /** Dies where it stands: nothing it has begun goes on, no timer calls it, nobody answers it. */
  die(): Promise<never>
  /** One invocation. */
  deliver(records: readonly RecordSpec[], time?: Partial<Invocation>): Promise<Processed | 'died'>
}

let groups = 0
const never = <T>() => new Promise<T>(() => {})

/** A function's surroundings on a real store: a group and a clock of its own. */
export class World {
  readonly clock = new TestClock()
  readonly group = `world${groups++}`
  readonly topic = 't'
  readonly #deployment: TestDeployment

  constructor(deployment: TestDeployment) {
    this.#deployment = deployment
  }

  store(): LedgerStore {
    return dynamodbStore(this.#deployment.client, this.#deployment.ledgerTable)
  }

  async state(partition = 0): Promise<LedgerState> {
    const [item] = await this.store().load([itemKey(this.group, this.topic, partition)])
    if (item === undefined) throw new Error('the ledger has never seen the partition')
    return item.state
  }

  /** The number of an item that handlers wrote; undefined where there is none. */
  async effect(id: string): Promise<number | undefined> {
    const Key = { id: { S: id } }
    const command = new GetItemCommand({ TableName: effectsTable.TableName, Key, ConsistentRead: true })
    const { Item } = await this.#deployment.client.send(command)
    return Item?.n?.N === undefined ? undefined : Number(Item.n.N)
  }

  /** Envelopes of this group, by offset: offset and rule. */
  async failures(): Promise<(readonly [offset: number, rule: string])[]> {
    const { client, failuresTable: TableName } = this.#deployment
    const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }))
    return Items.filter(({ group }) => group?.S === this.group)
      .map(({ offset, rule }) => [Number(offset?.N), rule?.S ?? ''] as const)
      .sort(([a], [b]) => a - b)
  }

  environment(options: EnvironmentOptions = {}): Environment {
    const { delivery = 'at-least-once', leaseMs = 10_000, attempts = 3, through = (store) => store, ...rest } = options
    const { client, failuresTable } = this.#deployment
    const { group, topic, clock: time } = this
    const logged: Environment['logged'] = []
    const death = { dead: false, come: () => {} }
    const died = new Promise<'died'>((resolve) => {
      death.come = () => {
        death.dead = true
        resolve('died')
      }
    })
    /** What is asked of others before a death is not answered after it. */
    const mortal = async <T>(call: () => Promise<T>): Promise<T> => {
      if (death.dead) return never()
      const result = await call()
      return death.dead ? never() : result
    }
    const clock: Clock = {
      ...time,
      sleep: (ms) => mortal(() => time.sleep(ms)),
      after: (ms, callback) => time.after(ms, () => death.dead || callback()),
    }
    const store = mortalStore(through(this.store()), mortal)
    const sink = failuresSink({ client, table: failuresTable, clock, group, functionName: 'f' })
    const log = (message: string, fields: Record<string, unknown>) => void logged.push({ message, fields })
    const engine: Engine = {
      order: 'key',
      concurrency: 4,
      policy: policyOf({ attempts }),
      atomicity: 'record',
      recordTimeoutMs: Number.POSITIVE_INFINITY,
      checkpointRecords: Number.POSITIVE_INFINITY,
      partialResponses: true,
      fallback: mortalSink(sink, mortal),
      handle: async () => ok(),
      ...rest,
      ledger: openLedger({ store, clock, group, leaseMs, withholds: false, delivery }),
      clock,
      log: { debug: () => {}, info: log, warn: log, error: log },
    }
    return {
      engine,
      logged,
      get dead() {
        return death.dead
      },
      die() {
        death.come()
        return never()
      },
      deliver(records, invocation = {}) {
        const batch = readBatch(kafkaEvent({ topic, records }))
        const lasting = {
          owner: time.nonce(),
          remainingMs: () => Number.POSITIVE_INFINITY,
          reserveMs: 0,
          ...invocation,
        }
        return Promise.race([processBatch(batch, engine, lasting), died])
      },
    }
  }
}

type Mortal = <T>(call: () => Promise<T>) => Promise<T>

const mortalStore = (store: LedgerStore, mortal: Mortal): LedgerStore => ({
  usage: store.usage,
  load: (keys) => mortal(() => store.load(keys)),
  swap: (swaps) => mortal(() => store.swap(swaps)),
  transact: (transaction) => mortal(() => store.transact(transaction)),
})

const mortalSink = (sink: FallbackSink, mortal: Mortal): FallbackSink => ({
  write: (failures, signal) => mortal(() => sink.write(failures, signal)),
  abandon: (records, signal) => mortal(() => sink.abandon(records, signal)),
})

/** Records `from` to `to` of one partition, each with the key that `keyOf` gives it. */
export const recordsOf = (from: number, to: number, keyOf = (offset: number) => `k${offset}`): RecordSpec[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ offset: from + i, key: keyOf(from + i), value: from + i }))

/** The offsets that have to come again. */
export function unsettledOf(processed: Processed | 'died'): number[] {
  if (processed === 'died') throw new Error('died')
  return processed.unsettled.flatMap(({ offsets }) => offsets)
}

/** Delivers as a mapping does, in new environments after deaths and once their leases are over, until all is settled. Answers how often. */
export async function deliverAll(
  world: World,
  records: readonly RecordSpec[],
  environment: () => Environment,
): Promise<number> {
  let current = environment()
  let due = records
  for (let deliveries = 1; deliveries < 50; deliveries++) {
    const processed = await current.deliver(due)
    if (processed === 'died') {
      world.clock.advance(current.engine.ledger.leaseMs)
      current = environment()
      continue
    }
    const left = new Set(unsettledOf(processed))
    due = due.filter(({ offset = -1 }) => left.has(offset))
    if (due.length === 0) return deliveries
  }
  throw new Error('not settled after 50 deliveries')
}
