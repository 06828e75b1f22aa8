import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AtomicWrite, LedgerStore } from '../ledger/index.js'
import { drop, fallback, ok, retry } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import {
  add,
  deliverAll,
  type Environment,
  effectsTable,
  large,
  put,
  recordsOf,
  unsettledOf,
  World,
} from './engine.fixture.js'
import type { Run } from './engine.js'

let deployment: TestDeployment
let world: World
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none', tables: [effectsTable] })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
})

/** An item of this test's own. */
const id = (name: string | number) => `${world.group} ${name}`
const effects = (...names: (string | number)[]) => Promise.all(names.map((name) => world.effect(id(name))))
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Notes the calls of a store, and what becomes of each. */
const noting =
  (calls: string[]) =>
  (store: LedgerStore): LedgerStore => ({
    ...store,
    async swap(swaps) {
      calls.push(`swap ${swaps.length}`)
      return store.swap(swaps)
    },
    async transact(transaction) {
      const result = await store.transact(transaction)
      calls.push(`transact ${transaction.swaps.length}+${transaction.writes.length} ${result.kind}`)
      return result
    },
  })

describe('what handlers write atomically', () => {
  it('is made in one transaction with the settle of their records, and not before [P-12]', async () => {
    const calls: string[] = []
    let early: unknown
    const { deliver } = world.environment({
      through: noting(calls),
      concurrency: 1,
      async handle({ offset }, run) {
        run.atomically([add(id(offset))])
        run.atomically([add(id('all'), offset)])
        early = await world.effect(id(0))
        return ok()
      },
    })
    // Each writes the item `all`, and no transaction may touch an item twice.
    expect(unsettledOf(await deliver(recordsOf(0, 2)))).toEqual([])
    expect(early).toBeUndefined()
    expect(calls).toEqual(['swap 1', 'transact 1+2 applied', 'transact 1+2 applied', 'transact 1+2 applied'])
    expect(await effects(0, 1, 2, 'all')).toEqual([1, 1, 1, 3])
    expect(await world.state()).toMatchObject({ settled: [{ from: 0, to: 2 }], claim: null })
  })

  it('is made for records that went well, and for no other', async () => {
    const outcomes = [ok(), retry('no'), fallback('no'), drop('no')]
    const { deliver } = world.environment({
      async handle({ offset }, run) {
        run.atomically([add(id(offset))])
        return outcomes[offset] ?? ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 3)))).toEqual([1])
    expect(await effects(0, 1, 2, 3)).toEqual([1, undefined, undefined, undefined])
  })

  it('goes in as few transactions as their limits allow, with what declares nothing', async () => {
    const calls: string[] = []
    const { deliver } = world.environment({
      through: noting(calls),
      async handle({ offset }, run) {
        if (offset % 2 === 0) run.atomically([add(id(offset))])
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 299)))).toEqual([])
    expect(calls).toEqual(['swap 1', 'transact 1+99 applied', 'transact 1+51 applied'])
    expect(await effects(...upTo(300))).toEqual(upTo(300).map((i) => (i % 2 === 0 ? 1 : undefined)))
  })

  it.each([
    ['99 writes', 60, (i: number) => [add(id(i)), add(id(`and ${i}`))], ['transact 1+98', 'transact 1+22']],
    ['3 MB', 11, (i: number) => [large(id(i), 300_000)], ['transact 1+9', 'transact 1+2']],
  ])('goes in no transaction of more than %s', async (_, count, writes, transactions) => {
    const calls: string[] = []
    const { deliver } = world.environment({
      through: noting(calls),
      async handle({ offset }, run) {
        run.atomically(writes(offset))
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, count - 1)))).toEqual([])
    expect(calls.slice(1)).toEqual(transactions.map((transaction) => `${transaction} applied`))
  })

  it('is exact for one item that many records of a batch write, in their order within a lane', async () => {
    const last = (offset: number) => {
      const { Update } = add(id('last'), offset)
      return { Update: { ...Update, UpdateExpression: 'SET n = :n' } } as AtomicWrite
    }
    const { deliver } = world.environment({
      order: 'partition',
      async handle({ offset }, run) {
        run.atomically([add(id('balance'), offset), last(offset)])
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 19)))).toEqual([])
    expect(await effects('balance', 'last')).toEqual([190, 19])
  })

  it('of a batch handler is made for the record whose run declares it', async () => {
    const { deliver } = world.environment({
      async handleAll(runs) {
        for (const { record, run } of runs) run.atomically([add(id(record.offset))])
        return runs.map(({ record }) => (record.offset === 1 ? retry('no') : ok()))
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 2)))).toEqual([1])
    expect(await effects(0, 1, 2)).toEqual([1, undefined, 1])
  })
})

describe('a write that DynamoDB refuses', () => {
  it('fails its own record alone, with its code, and holds back what ran behind it in its lane [P-18 partly]', async () => {
    const calls: string[] = []
    const attempts: [number, number][] = []
    const environment = world.environment({
      through: noting(calls),
      async handle({ offset }, run) {
        attempts.push([offset, run.attempt])
        // The second of a message's records finds that its id is there.
        run.atomically([put(id(offset === 3 ? 0 : offset), offset, 'attribute_not_exists(id)')])
        return ok()
      },
    })
    const lanes = (offset: number) => (offset % 2 === 0 ? 'even' : 'odd')
    await environment.deliver(recordsOf(0, 0))
    expect(unsettledOf(await environment.deliver(recordsOf(0, 7, lanes)))).toEqual([3, 5, 7])
    expect(await effects(...upTo(8))).toEqual([0, 1, 2, undefined, 4, undefined, 6, undefined])
    expect(calls.slice(2)).toEqual(['swap 1', 'transact 1+7 refused', 'transact 1+4 applied'])
    expect(await world.state()).toMatchObject({
      open: [{ offset: 3, attempts: 1 }],
      pending: [{ from: 5 }, { from: 7 }],
    })
    expect(environment.logged.filter(({ message }) => message === 'retry')).toMatchObject([
      { fields: { offset: 3, reason: expect.stringContaining('ML_EFFECT_REFUSED') } },
    ])
    // With its last attempt it is given up, and its lane goes on.
    for (const left of [[3, 5, 7], []]) {
      expect(unsettledOf(await environment.deliver(recordsOf(3, 7, lanes)))).toEqual(left)
    }
    expect(attempts.filter(([offset]) => offset === 3)).toEqual([
      [3, 1],
      [3, 2],
      [3, 3],
    ])
    expect(await world.failures()).toEqual([[3, 'exhausted']])
    expect(await effects(0, 3, 5, 7)).toEqual([0, undefined, 5, 7])
    expect((await world.state()).settled).toMatchObject([{ from: 0, to: 7 }])
  })

  it('takes along what was under way behind it in its lane', async () => {
    const calls: string[] = []
    let onSwap = () => {}
    const recorded = new Promise<void>((resolve) => {
      onSwap = resolve
    })
    const through = (store: LedgerStore): LedgerStore => ({
      ...noting(calls)(store),
      async swap(swaps) {
        // The checkpoint goes on from the refusal.
        if (calls.at(-1)?.endsWith('refused')) onSwap()
        return store.swap(swaps)
      },
    })
    const { deliver } = world.environment({
      ...{ through, order: 'partition', checkpointRecords: 1 },
      async handle({ offset }, run) {
        if (offset === 1) await recorded
        run.atomically([offset === 0 ? put(id(0), 0, 'attribute_exists(id)') : add(id(offset))])
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 2)))).toEqual([0, 1, 2])
    expect(await effects(0, 1, 2)).toEqual([undefined, undefined, undefined])
  })

  it('is never overtaken in its lane by what would have fitted into the transaction before it', async () => {
    const { deliver } = world.environment({
      async handle({ offset }, run) {
        // The second has to wait for another transaction than the first, and the third with it.
        const refused = put(id('shared'), 1, 'attribute_not_exists(id)')
        run.atomically(offset === 0 ? [put(id('shared'), 1)] : [offset === 1 ? refused : add(id(offset))])
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 2, (offset) => (offset === 0 ? 'a' : 'b'))))).toEqual([1, 2])
    expect(await effects('shared', 2)).toEqual([1, undefined])
  })

  it('for an item that another record of the transaction writes, too, is made in a transaction of its own', async () => {
    const calls: string[] = []
    const { deliver } = world.environment({
      through: noting(calls),
      order: 'partition',
      async handle({ offset }, run) {
        // Two puts of one item differ in more than its key, which only DynamoDB can tell apart.
        run.atomically([put(id(offset < 2 ? 'one' : offset), offset)])
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 3)))).toEqual([])
    expect(await effects('one', 2, 3)).toEqual([1, 2, 3])
    expect(calls.slice(1, 3)).toEqual(['transact 1+4 invalid', 'transact 1+1 applied'])
  })

  it('because no table has it, or it writes an item twice, fails the record that declared it', async () => {
    const { deliver } = world.environment({
      async handle({ offset }, run) {
        if (offset === 1) run.atomically([add(id('twice')), add(id('twice'))])
        else run.atomically([add(id(offset))])
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 2)))).toEqual([1])
    expect(await effects(0, 2, 'twice')).toEqual([1, 1, undefined])
  })
})

describe('what cannot be', () => {
  it('is more writes of one record than a transaction takes: 99, and not one more', async () => {
    const writes = (n: number) => upTo(n).map((i) => add(id(i)))
    const codes: unknown[] = []
    const { deliver } = world.environment({
      async handle({ offset }, run) {
        run.atomically(writes(90))
        try {
          run.atomically(writes(100).slice(90, offset === 0 ? 99 : 100))
        } catch (error) {
          codes.push(error)
          return retry('too many')
        }
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 1)))).toEqual([1])
    expect(codes).toMatchObject([{ code: 'ML_TRANSACTION_LIMIT' }])
    expect(await effects(0, 98, 99)).toEqual([1, 1, undefined])
  })

  it('is a write that is declared after the handler has returned', async () => {
    const runs: Run[] = []
    const { deliver } = world.environment({
      async handle(_, run) {
        runs.push(run)
        return ok()
      },
    })
    await deliver(recordsOf(0, 0))
    expect(() => runs[0]?.atomically([add(id(0))])).toThrow('ML_HANDLER_PENDING')
    expect(await effects(0)).toEqual([undefined])
  })
})

describe('a crash', () => {
  /** A store whose environment dies at one call, before it is sent or after it was answered. */
  const dying = (at: number, when: 'before' | 'after', counted: { calls: number }, environment: () => Environment) => {
    const deadly = async <T>(call: () => Promise<T>): Promise<T> => {
      const now = counted.calls++ === at
      if (now && when === 'before') return environment().die()
      const result = await call()
      return now ? environment().die() : result
    }
    return (store: LedgerStore): LedgerStore => ({
      usage: store.usage,
      load: (keys) => deadly(() => store.load(keys)),
      swap: (swaps) => deadly(() => store.swap(swaps)),
      transact: (transaction) => deadly(() => store.transact(transaction)),
    })
  }

  it('between two transactions brings again what the second would have settled, and nothing else [P-12]', async () => {
    const runs: number[] = []
    const counted = { calls: 0 }
    // After the first transaction: the item is read and claimed before it.
    let at = 2
    const environment = () => {
      const made: Environment = world.environment({
        through: dying(at, 'after', counted, () => made),
        async handle({ offset }, run) {
          runs.push(offset)
          run.atomically([add(id(offset))])
          return ok()
        },
      })
      at = -1
      return made
    }
    expect(await deliverAll(world, recordsOf(0, 149), environment)).toBe(2)
    expect(runs.length).toBe(150 + 51)
    expect(new Set(runs.slice(150)).size).toBe(51)
    expect(await effects(...upTo(150))).toEqual(upTo(150).map(() => 1))
  })

  it('between two transactions settles nothing behind what waits for the second in its lane [P-12]', async () => {
    const environment: Environment = world.environment({
      through: dying(2, 'after', { calls: 0 }, () => environment),
      async handle({ offset }, run) {
        if (offset < 2) run.atomically([add(id('shared'))])
        return ok()
      },
    })
    expect(await environment.deliver(recordsOf(0, 3, (offset) => 'abbc'.charAt(offset)))).toBe('died')
    const { settled } = await world.state()
    expect(settled.map(({ from, to }) => [from, to])).toEqual([
      [0, 0],
      [3, 3],
    ])
  })

  it('at any call of the store loses nothing and makes no effect twice [P-12]', async () => {
    const crash = async (at: number, when: 'before' | 'after') => {
      world = new World(deployment)
      const counted = { calls: 0 }
      const environment = () => {
        const made: Environment = world.environment({
          through: dying(at, when, counted, () => made),
          checkpointRecords: 3,
          async handle({ offset }, run) {
            if (made.dead) return made.die()
            if (offset === 5) return fallback('no good')
            run.atomically([add(id(offset)), add(id(`sum${offset % 2}`), offset)])
            return ok()
          },
        })
        return made
      }
      await deliverAll(world, recordsOf(0, 7), environment)
      expect(await effects(...upTo(8), 'sum0', 'sum1')).toEqual([1, 1, 1, 1, 1, undefined, 1, 1, 12, 11])
      expect(await world.failures()).toEqual([[5, 'outcome']])
      expect((await world.state()).settled).toMatchObject([{ from: 0, to: 7 }])
      return counted.calls
    }
    const calls = await crash(-1, 'before')
    expect(calls).toBeGreaterThan(4)
    for (let at = 0; at < calls; at++) for (const when of ['before', 'after'] as const) await crash(at, when)
  })
})
