import { type CreateTableCommandInput, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { claimPairs, doneAll, holder } from './ledger.fixture.js'
import { type Ledger, openLedger } from './ledger.js'
import { type AtomicWrite, dynamodbStore, itemKey, type LedgerStore } from './store/index.js'

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

const clock: Clock = { ...systemClock, now: () => now }
const open = (over: LedgerStore = store): Ledger =>
  openLedger({ store: over, clock, group: 'g', leaseMs: 10_000, withholds: false })
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

const claimed = (ledger: Ledger, owner?: string, partitions?: number) => claimPairs(ledger, topic, owner, partitions)

describe("a ledger's swaps and a handler's writes, in one transaction", () => {
  it('land together, for several partitions as for one', async () => {
    const ledger = open()
    const progress = doneAll(await claimed(ledger, 'me', 3))
    expect(await ledger.commit(progress, [add('a'), add('b')], holder())).toMatchObject({ kind: 'written' })
    expect([await count('a'), await count('b')]).toEqual([1, 1])
    for (const partition of [0, 1, 2]) {
      expect(await item(partition)).toMatchObject({ version: 2, state: { settled: [{ from: 0, to: 1 }], claim: null } })
    }
  })

  it('are remembered: what is written next needs no read', async () => {
    const ledger = open()
    const claims = await claimed(ledger)
    await ledger.commit(doneAll(claims, { marker: null }), [add('a')], holder())
    const { readUnits } = ledger.usage
    expect(await ledger.record(doneAll(claims), holder())).toMatchObject([{ kind: 'written' }])
    expect(ledger.usage.readUnits).toBe(readUnits)
  })

  it.each([
    [0, [0]],
    [1, [1]],
    [2, [2]],
  ])('land not at all where the condition of the write %i fails, and it is named', async (at, failed) => {
    const ledger = open()
    const progress = doneAll(await claimed(ledger, 'me', 2))
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
    const result = await ledger.commit(doneAll(await claimed(ledger)), [refused('a'), add('b'), refused('c')], holder())
    expect(result).toMatchObject({ kind: 'refused', failures: [{ index: 0 }, { index: 2 }] })
  })

  it('are invalid where DynamoDB refuses them as a whole: nothing lands', async () => {
    const ledger = open()
    const before = await claimed(ledger).then(async (claims) => ({ claims, item: await item() }))
    expect(await ledger.commit(doneAll(before.claims), [add('a'), add('a')], holder())).toMatchObject({
      kind: 'invalid',
    })
    expect([await item(), await count('a')]).toEqual([before.item, 0])
  })

  it('change nothing for a stale invocation, in any of its partitions (rule 4)', async () => {
    const [slow, next] = [open(), open()]
    const stale = await claimed(slow, 'slow', 2)
    now += 10_000
    const [taken] = await claimed(next, 'next', 1)
    const before = [await item(0), await item(1)]
    expect(await slow.commit(doneAll(stale), [add('a')], holder('slow'))).toEqual({ kind: 'stale' })
    expect([await item(0), await item(1), await count('a')]).toEqual([...before, 0])
    expect(await next.commit(doneAll(taken ? [taken] : []), [add('a')], holder('next'))).toMatchObject({
      kind: 'written',
    })
    expect(await slow.commit(doneAll(stale), [add('a')], holder('slow'))).toEqual({ kind: 'stale' })
    expect(await count('a')).toBe(1)
  })
})

it('is refused with a code on a store without transactions', async () => {
  process.env.MILLRACE_STORE_ENGINE = 'dynalite'
  const dynalite = await testDeployment({ topic: 'none' }).finally(() => delete process.env.MILLRACE_STORE_ENGINE)
  try {
    const ledger = open(dynamodbStore(dynalite.client, dynalite.ledgerTable))
    const progress = doneAll(await claimed(ledger))
    const committed = await ledger.commit(progress, [add('a')], holder())
    expect(committed).toMatchObject({ kind: 'denied', cause: { code: 'ML_TRANSACTIONS_UNSUPPORTED' } })
    // All else works on it, and nothing has changed.
    expect(await ledger.record(progress, holder())).toMatchObject([{ kind: 'written' }])
  } finally {
    await dynalite.stop()
  }
})
