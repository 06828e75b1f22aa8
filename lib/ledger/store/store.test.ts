import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDeployment, testDeployment } from '../../testing/index.js'
import { emptyState } from '../state.js'
import { dynamodbStore } from './dynamodb.js'
import { itemKey, type LedgerItem, type Swap } from './store.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

const itemOf = (version: number, delivered: number): LedgerItem => ({
  version,
  writeId: `w${version}`,
  state: { ...emptyState, delivered },
})

/** A client whose store answers as dynalite does, which has no PartiQL. */
function withoutPartiql(): DynamoDBClient {
  const client = new DynamoDBClient({})
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'BatchExecuteStatementCommand') return next(args)
        throw Object.assign(new Error('unknown'), { name: 'UnknownOperationException' })
      },
    { step: 'initialize' },
  )
  return client
}

describe('compare-and-swap', () => {
  it('behaves the same in one PartiQL batch and as single updates, whatever is there', async () => {
    const store = dynamodbStore(deployment.client, deployment.ledgerTable)
    const single = dynamodbStore(withoutPartiql(), deployment.ledgerTable)
    const keyOf = (run: number, kind: string, i: number) => itemKey(`${kind}${run}`, 't', i)
    let run = 0
    const steps = fc.array(
      fc.uniqueArray(fc.record({ key: fc.nat(30), known: fc.nat(3) }), {
        selector: ({ key }) => key,
        minLength: 1,
        maxLength: 31,
      }),
      { minLength: 1, maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (rounds) => {
        run++
        for (const round of rounds) {
          const swaps = (kind: string) =>
            round.map(({ key, known }): Swap => ({ key: keyOf(run, kind, key), known, item: itemOf(known + 1, key) }))
          const byPartiql = await store.swap(swaps('p'))
          const byUpdate = await single.swap(swaps('u'))
          expect(byPartiql.map(({ kind }) => kind)).toEqual(byUpdate.map(({ kind }) => kind))
        }
        const keys = (kind: string) => Array.from({ length: 31 }, (_, i) => keyOf(run, kind, i))
        expect(await store.load(keys('p'))).toEqual(await store.load(keys('u')))
      }),
      { numRuns: 40 },
    )
  })

  it('of more items than one call carries is made in several', async () => {
    const store = dynamodbStore(deployment.client, deployment.ledgerTable)
    const swaps = Array.from(
      { length: 60 },
      (_, i): Swap => ({ key: itemKey('many', 't', i), known: 0, item: itemOf(1, i) }),
    )
    expect((await store.swap(swaps)).every(({ kind }) => kind === 'applied')).toBe(true)
    expect(store.usage).toMatchObject({ calls: 3, writeUnits: 60 })
  })

  it('falls back to single updates where the store has no PartiQL', async () => {
    process.env.MILLRACE_STORE_ENGINE = 'dynalite'
    const dynalite = await testDeployment({ topic: 'none' })
    delete process.env.MILLRACE_STORE_ENGINE
    try {
      const store = dynamodbStore(dynalite.client, dynalite.ledgerTable)
      const keys = [itemKey('g', 't', 0), itemKey('g', 't', 1)]
      const swaps = (known: number) => keys.map((key): Swap => ({ key, known, item: itemOf(known + 1, known) }))
      expect((await store.swap(swaps(0))).map(({ kind }) => kind)).toEqual(['applied', 'applied'])
      expect((await store.swap(swaps(0))).map(({ kind }) => kind)).toEqual(['conflict', 'conflict'])
      expect((await store.swap(swaps(1))).map(({ kind }) => kind)).toEqual(['applied', 'applied'])
      expect((await store.load(keys)).map((item) => item?.version)).toEqual([2, 2])
    } finally {
      await dynalite.stop()
    }
  })

  it.each(['load', 'swap'] as const)('on a missing table is an error with a code (%s)', async (call) => {
    const store = dynamodbStore(deployment.client, 'absent')
    const key = itemKey('g', 't', 0)
    const made = call === 'load' ? store.load([key]) : store.swap([{ key, known: 0, item: itemOf(1, 0) }])
    await expect(made).rejects.toThrow('ML_TABLE_MISSING')
  })
})
