import { type CreateTableCommandInput, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { type Claimed, type Holder, type Ledger, openLedger, type Progress } from './ledger.js'
import { type AtomicWrite, dynamodbStore, itemKey, type LedgerStore, type Transaction } from './store/index.js'
import { maxRounds } from './swap.js'

const TableName = 'test-counts'
const counts: CreateTableCommandInput = {
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
}
let deployment: TestDeployment
let store: LedgerStore
let topic = 't'
let topics = 0
let now = 1_800_000_000_000

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none', tables: [counts] })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `t${topics++}`
  store = dynamodbStore(deployment.client, deployment.ledgerTable)
})

const slept: number[] = []
const clock: Clock = { ...systemClock, now: () => now, random: () => 0.5, sleep: async (ms) => void slept.push(ms) }
const open = (over: LedgerStore = store): Ledger =>
  openLedger({ store: over, clock, group: 'g', leaseMs: 10_000, withholds: false })
const holder = (owner = 'me'): Holder => ({ owner, deadline: Number.POSITIVE_INFINITY })
const add = (name: string): AtomicWrite => ({
  Update: {
    TableName,
    Key: { id: { S: `${topic} ${name}` } },
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': { N: '1' } },
  },
})
/** Refused: its item is not there. */
const refused = (name: string): AtomicWrite => ({
  Update: { ...add(name).Update, ConditionExpression: 'attribute_exists(id)' } as AtomicWrite['Update'],
})
async function count(name: string): Promise<number> {
  const Key = { id: { S: `${topic} ${name}` } }
  const { Item } = await deployment.client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))
  return Number(Item?.n?.N ?? 0)
}
const item = async (partition = 0) => (await store.load([itemKey('g', topic, partition)]))[0]

/** Claims records 0 and 1 of so many partitions. */
async function claimed(ledger: Ledger, owner = 'me', partitions = 1): Promise<Claimed[]> {
  const records = Array.from({ length: partitions * 2 }, (_, i) => ({ partition: Math.floor(i / 2), value: i }))
  const claims = await ledger.claim(readBatch(kafkaEvent({ topic, records })).partitions, holder(owner))
  return claims.map((claim) => {
    if (claim.kind === 'busy') throw new Error('busy')
    return claim
  })
}
const done = (claims: readonly Claimed[], hold: Progress['hold'] = null): Progress[] =>
  claims.map((claim) => ({
    claimed: claim,
    abandoned: [],
    hold,
    records: claim.partition.records.map(({ offset, timestamp }) => ({
      offset,
      timestamp,
      disposition: { kind: 'settled' },
    })),
  }))

/** What befalls each transaction: its request or its answer is lost, or another has its items just then. */
type Fault = 'lost before' | 'lost after' | 'contended' | undefined
function faulty(faults: Fault[], sent: Transaction[] = []): LedgerStore {
  return {
    ...store,
    async transact(transaction) {
      sent.push(transaction)
      const fault = faults.shift()
      const cause = new Error('no answer')
      if (fault === 'contended') return { kind: 'contended', cause }
      if (fault === 'lost before') return { kind: 'lost', cause }
      const result = await store.transact(transaction)
      return fault === 'lost after' ? { kind: 'lost', cause } : result
    },
  }
}

describe("a ledger's swaps and a handler's writes, in one transaction", () => {
  it('land together, for several partitions as for one', async () => {
    const ledger = open()
    const progress = done(await claimed(ledger, 'me', 3))
    expect(await ledger.commit(progress, [add('a'), add('b')], holder())).toMatchObject({ kind: 'written' })
    expect([await count('a'), await count('b')]).toEqual([1, 1])
    for (const partition of [0, 1, 2]) {
      expect(await item(partition)).toMatchObject({ version: 2, state: { settled: [{ from: 0, to: 1 }], claim: null } })
    }
  })

  it('are remembered: what is written next needs no read', async () => {
    const ledger = open()
    const claims = await claimed(ledger)
    await ledger.commit(done(claims, { marker: null }), [add('a')], holder())
    const { readUnits } = ledger.usage
    expect(await ledger.record(done(claims), holder())).toMatchObject([{ kind: 'written' }])
    expect(ledger.usage.readUnits).toBe(readUnits)
  })

  it.each([
    [0, [0]],
    [1, [1]],
    [2, [2]],
  ])('land not at all where the condition of the write %i fails, and it is named', async (at, failed) => {
    const ledger = open()
    const progress = done(await claimed(ledger, 'me', 2))
    const before = [await item(0), await item(1)]
    const writes = [0, 1, 2].map((i) => (i === at ? refused(`r${i}`) : add(`w${i}`)))
    const result = await ledger.commit(progress, writes, holder())
    if (result.kind !== 'refused') throw new Error(result.kind)
    expect(result.failures.map(({ index }) => index)).toEqual(failed)
    expect(result.failures[0]?.cause).toMatchObject({ code: 'ML_EFFECT_REFUSED' })
    expect(await Promise.all([0, 1, 2].map((i) => count(`w${i}`)))).toEqual([0, 0, 0])
    expect([await item(0), await item(1)]).toEqual(before)
  })

  it('name all whose conditions fail', async () => {
    const ledger = open()
    const result = await ledger.commit(done(await claimed(ledger)), [refused('a'), add('b'), refused('c')], holder())
    expect(result).toMatchObject({ kind: 'refused', failures: [{ index: 0 }, { index: 2 }] })
  })

  it('are invalid where DynamoDB refuses them as a whole: nothing lands', async () => {
    const ledger = open()
    const before = await claimed(ledger).then(async (claims) => ({ claims, item: await item() }))
    expect(await ledger.commit(done(before.claims), [add('a'), add('a')], holder())).toMatchObject({ kind: 'invalid' })
    expect([await item(), await count('a')]).toEqual([before.item, 0])
  })

  it('change nothing for a stale invocation, in any of its partitions (rule 4)', async () => {
    const [slow, next] = [open(), open()]
    const stale = await claimed(slow, 'slow', 2)
    now += 10_000
    const [taken] = await claimed(next, 'next', 1)
    const before = [await item(0), await item(1)]
    expect(await slow.commit(done(stale), [add('a')], holder('slow'))).toEqual({ kind: 'stale' })
    expect([await item(0), await item(1), await count('a')]).toEqual([...before, 0])
    expect(await next.commit(done(taken ? [taken] : []), [add('a')], holder('next'))).toMatchObject({ kind: 'written' })
    expect(await slow.commit(done(stale), [add('a')], holder('slow'))).toEqual({ kind: 'stale' })
    expect(await count('a')).toBe(1)
  })
})

describe('a transaction whose answer is lost', () => {
  it.each<[string, Fault[], number]>([
    ['after it was applied', ['lost after'], 1],
    ['before it arrived', ['lost before'], 2],
    ['and again, before it arrived at last', ['lost before', 'lost before', 'lost before', 'lost after'], 4],
    ['as others are in its way', ['contended', 'lost before', 'contended', 'lost after'], 4],
  ])('%s is known again, and applied once', async (_, faults, sendings) => {
    const sent: Transaction[] = []
    const ledger = open(faulty([...faults], sent))
    const progress = done(await claimed(ledger, 'me', 2))
    expect(await ledger.commit(progress, [add('a')], holder())).toMatchObject({ kind: 'written' })
    expect([await count('a'), sent.length]).toEqual([1, sendings])
    for (const partition of [0, 1]) expect(await item(partition)).toMatchObject({ version: 2, state: { claim: null } })
  })

  it('every time is unknown, and what comes of it later is not made again', async () => {
    const sent: Transaction[] = []
    const ledger = open(
      faulty(
        Array.from({ length: maxRounds }, () => 'lost before' as const),
        sent,
      ),
    )
    const claims = await claimed(ledger)
    expect(await ledger.commit(done(claims), [add('a')], holder())).toEqual({ kind: 'unknown' })
    expect([sent.length, await count('a')]).toEqual([maxRounds, 0])
    // All of them land late: each is of the same version, so that one counts at most.
    const results = []
    for (const transaction of sent) results.push((await store.transact(transaction)).kind)
    expect(results).toEqual(['applied', ...Array.from({ length: maxRounds - 1 }, () => 'conflict')])
    expect(await count('a')).toBe(1)
    expect(await ledger.record(done(claims), holder())).toEqual([{ kind: 'stale' }])
  })

  it('and that lands late, between two tries, is known again', async () => {
    const late: Transaction[] = []
    const ledger = open({
      ...store,
      async transact(transaction) {
        if (late.push(transaction) === 1) return { kind: 'lost', cause: new Error('no answer') }
        // The first lands just before the second arrives.
        for (const one of late.splice(0, 1)) await store.transact(one)
        return store.transact(transaction)
      },
    })
    expect(await ledger.commit(done(await claimed(ledger)), [add('a')], holder())).toMatchObject({ kind: 'written' })
    expect([await count('a'), (await item())?.version]).toEqual([1, 2])
  })

  it('is tried again at once, and then ever more slowly', async () => {
    const ledger = open(faulty(Array.from({ length: maxRounds }, () => 'contended' as const)))
    const claims = await claimed(ledger)
    slept.splice(0)
    expect(await ledger.commit(done(claims), [add('a')], holder())).toEqual({ kind: 'unknown' })
    expect(slept).toEqual([...slept].sort((a, b) => a - b))
    expect(slept).toHaveLength(maxRounds - 2)
  })
})

it('is refused with a code on a store without transactions', async () => {
  process.env.MILLRACE_STORE_ENGINE = 'dynalite'
  const dynalite = await testDeployment({ topic: 'none' }).finally(() => delete process.env.MILLRACE_STORE_ENGINE)
  try {
    const ledger = open(dynamodbStore(dynalite.client, dynalite.ledgerTable))
    const progress = done(await claimed(ledger))
    const committed = ledger.commit(progress, [add('a')], holder())
    await expect(committed).rejects.toMatchObject({ code: 'ML_TRANSACTIONS_UNSUPPORTED' })
    // All else works on it, and nothing has changed.
    expect(await ledger.record(progress, holder())).toMatchObject([{ kind: 'written' }])
  } finally {
    await dynalite.stop()
  }
})
