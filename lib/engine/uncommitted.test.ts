import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LedgerStore } from '../ledger/index.js'
import { ok } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { add, effectsTable, large, recordsOf, unsettledOf, World } from './engine.fixture.js'

let deployment: TestDeployment
let world: World
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none', tables: [effectsTable] })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
})
const id = (name: string | number) => `${world.group} ${name}`

/** A store whose transactions come to this. */
const transacting =
  (transact: LedgerStore['transact']) =>
  (store: LedgerStore): LedgerStore => ({ ...store, transact })

describe('a transaction that DynamoDB does not make', () => {
  it('fails the records that write to a table that is not there, with its words, and convicts none', async () => {
    const { deliver } = world.environment({
      ...{ order: 'key', attempts: 3 },
      async handle({ offset }, run) {
        const { Update } = add(id(offset))
        run.atomically([offset === 1 && Update ? { Update: { ...Update, TableName: 'not-there' } } : { Update }])
        return ok()
      },
    })
    const left = []
    for (const _ of [1, 2, 3]) left.push(unsettledOf(await deliver(recordsOf(0, 2))))
    expect(left).toEqual([[1], [1], []])
    expect(await world.failures()).toEqual([[1, 'exhausted']])
    expect([await world.effect(id(0)), await world.effect(id(2))]).toEqual([1, 1])
  })

  it('because others have its items comes again, at the cost of no attempt, with the claim given back', async () => {
    const contended: LedgerStore['transact'] = async () => ({
      kind: 'contended',
      cause: new Error('TransactionConflict'),
    })
    const attempts: number[] = []
    const handle = (through?: (store: LedgerStore) => LedgerStore) =>
      world.environment({
        ...(through && { through }),
        async handle({ offset }, run) {
          attempts.push(run.attempt)
          run.atomically([add(id(offset))])
          return ok()
        },
      })
    const busy = handle(transacting(contended))
    for (let i = 0; i < 4; i++) expect(unsettledOf(await busy.deliver(recordsOf(0, 1)))).toEqual([0, 1])
    expect(await world.state()).toMatchObject({ claim: null, open: [], crashed: null })
    expect(unsettledOf(await handle().deliver(recordsOf(0, 1)))).toEqual([])
    expect(new Set(attempts)).toEqual(new Set([1]))
    expect(await world.failures()).toEqual([])
  })

  it('whoever asks fails the batch with its code, and the claim is given back', async () => {
    const denied: LedgerStore['transact'] = async () => ({
      kind: 'denied',
      cause: new Error('ML_TRANSACTIONS_UNSUPPORTED'),
    })
    const { deliver } = world.environment({
      through: transacting(denied),
      async handle({ offset }, run) {
        run.atomically([add(id(offset))])
        return ok()
      },
    })
    await expect(deliver(recordsOf(0, 1))).rejects.toThrow('ML_TRANSACTIONS_UNSUPPORTED')
    expect(await world.state()).toMatchObject({ claim: null, crashed: null, settled: [] })
  })

  it.each([
    ['partition', 'writes the item .* twice', 2],
    ['batch', 'writes the item .* twice', 2],
    ['partition', '120 declared writes', 120],
    ['batch', 'bytes of declared writes', 11],
  ] as const)('as one of a whole %s is refused with what it would be: %s', async (atomicity, problem, records) => {
    const { deliver } = world.environment({
      atomicity,
      async handle({ offset }, run) {
        const name = id(records === 2 ? 'one' : offset)
        run.atomically([records === 11 ? large(name, 300_000) : add(name)])
        return ok()
      },
    })
    await expect(deliver(recordsOf(0, records - 1))).rejects.toThrow(new RegExp(`ML_TRANSACTION_LIMIT.*${problem}`))
    expect([await world.failures(), (await world.state()).open]).toEqual([[], []])
  })
})

it('Commits end in time for the settle, and what they leave comes again', async () => {
  const start = world.clock.now()
  const { deliver } = world.environment({
    order: 'none',
    through: (store: LedgerStore) => ({
      ...store,
      async transact(transaction: Parameters<LedgerStore['transact']>[0]) {
        world.clock.advance(200)
        return store.transact(transaction)
      },
    }),
    handle({ offset }, run) {
      run.atomically([add(id(offset)), add(id(`second ${offset}`))])
      return ok()
    },
  })
  const remainingMs = () => start + 4_000 - world.clock.now()
  const left = unsettledOf(await deliver(recordsOf(0, 1_999), { remainingMs, reserveMs: 1_000 }))
  expect(world.clock.now() - start).toBeLessThanOrEqual(4_000)
  expect(left.length).toBeGreaterThan(500)
  const [last, first] = [left[0] ?? 0, (left[0] ?? 0) - 1]
  expect([await world.effect(id(first)), await world.effect(id(last))]).toEqual([1, undefined])
})
