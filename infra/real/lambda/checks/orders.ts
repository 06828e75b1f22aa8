import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InvokeResult } from '../../../../lib/local/worker/index.js'
import { kafkaEvent } from '../../../../lib/testing/index.js'
import { readBalances, readEffects, readFailures, readLedger } from '../../../../start/verify/index.js'
import { root } from '../../../../tools/project.js'
import type { Check } from '../../checklist.js'
import type { Ground, Running } from '../ground.js'
import { failuresOf, said } from './deliver.js'

const order = (n: number, customer: number, cents = 100) => ({
  key: `c${customer}`,
  partition: n % 3,
  value: { orderId: `o${n}`, customerId: `c${customer}`, seq: n, cents },
})
const batchOf = (from: number, count: number) =>
  kafkaEvent({
    topic: 'orders',
    records: Array.from({ length: count }, (_, i) => ({
      ...order(from + i, i % 7),
      offset: Math.floor((from + i) / 3),
    })),
  })
const first = batchOf(0, 300)
const second = batchOf(300, 300)

/** The project's own function, from its zip: one process, in this order. */
export function ordersChecks(ground: Ground): readonly Check[] {
  const { client, deployment, ordersTables } = ground
  const where = { topic: 'orders', group: 'orders', partitions: 3 }
  let orders: Running
  let cold: InvokeResult

  const settled = async (count: number): Promise<void> => {
    const effects = await readEffects(client, ordersTables.orders)
    assert.equal(effects.size, count, 'orders that took effect')
    for (const [id, one] of effects) assert.deepEqual(one, { effects: 1, cents: 100 }, `the effects of ${id}`)
    const balances = [...(await readBalances(client, ordersTables.balances)).values()]
    assert.equal(
      balances.reduce((sum, cents) => sum + cents, 0),
      count * 100,
      'cents of all balances',
    )
    const ledger = await readLedger(client, deployment.ledgerTable, where)
    for (let partition = 0; partition < 3; partition++) {
      const { settled, open, claim } = ledger.get(partition) ?? {}
      assert.deepEqual([settled?.length, open, claim], [1, [], null], `the ledger of partition ${partition}`)
    }
  }

  return [
    {
      name: 'the packaged function is loaded with the flags that Lambda runs Node with, and answers',
      run: async () => {
        const began = Date.now()
        orders = await ground.orders()
        cold = await orders.worker.invoke(first)
        const took = Date.now() - began
        assert.equal(cold.kind, 'ok', said(cold))
        assert.equal(cold.coldStart, true)
        return `started and loaded in ${took - cold.durationMs} ms, ran 300 records in ${cold.durationMs} ms`
      },
    },
    {
      name: 'a batch settles: each effect is there once, and its ledger says so',
      run: async () => {
        assert.deepEqual(failuresOf(cold), [])
        await settled(300)
      },
    },
    {
      name: 'a second batch runs in the process that is warm',
      run: async () => {
        const warm = await orders.worker.invoke(second)
        assert.deepEqual(failuresOf(warm), [])
        assert.deepEqual([warm.pid, warm.coldStart], [cold.pid, false])
        await settled(600)
        return `300 records in ${warm.durationMs} ms`
      },
    },
    {
      name: 'a settled batch that comes again does nothing again',
      run: async () => {
        const before = ordersLines(orders).length
        assert.equal(before, 600, 'runs of the handler so far')
        assert.deepEqual(failuresOf(await orders.worker.invoke(first)), [])
        assert.equal(ordersLines(orders).length, before, 'runs of the handler')
        await settled(600)
      },
    },
    {
      name: 'exactly what failed is reported, what is given up on is kept, and the rest takes effect',
      run: async () => {
        const event = JSON.parse(await readFile(join(root, 'functions/orders/events/batch.json'), 'utf8'))
        const spread = Object.fromEntries(
          Object.entries(event.records as Record<string, readonly object[]>).map(([, records], i) => [
            `orders-${i + 10}`,
            records.map((record) => ({ ...record, partition: i + 10 })),
          ]),
        )
        const mixed = await orders.worker.invoke({ ...event, records: spread })
        assert.deepEqual(failuresOf(mixed), ['orders-11:43'])
        const kept = (await readFailures(client, deployment.failuresTable)).map(({ partition, offset }) => [
          partition,
          offset,
        ])
        assert.deepEqual(kept.sort(), [
          [10, 103],
          [10, 104],
          [11, 41],
          [11, 42],
        ])
        const effects = await readEffects(client, ordersTables.orders)
        for (const n of [1, 2, 5, 6, 8])
          assert.equal(effects.get(`order-${n}`)?.effects, 1, `the effects of order-${n}`)
      },
    },
  ]
}

/** The lines that the handler writes, one a run. */
const ordersLines = ({ lines }: Running) => lines.filter((line) => line.includes('"message":"order"'))
