import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../cold-start/bundle.js'
import { inChild } from '../measure/children.js'
import { median } from '../measure/rounds.js'
import { result, type Suite } from '../result.js'
import { orderSource } from '../sides/orders.js'
import { deploymentEnvironment, tables } from '../sides/side.js'
import { startLocalStore } from './setup.js'

/** Processes of each bundle per round. */
const perRound = 5

/** Import and first invocation in a new process, on the embedded store: the function `orders` against a bare handler. */
export const coldStart: Suite = async ({ rounds, smoke }) => {
  const store = await startLocalStore({ ...tables, 'bench-orders': ['orderId'], 'bench-balances': ['customerId'] })
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    const orders = await bundle('functions/orders/handler.ts', join(folder, 'orders.cjs'))
    const bare = await bundle('bench/src/cold-start/bare-handler.ts', join(folder, 'bare.cjs'))
    const env = {
      ...deploymentEnvironment(['orders']),
      ...store.environment,
      ORDERS_TABLE: 'bench-orders',
      BALANCES_TABLE: 'bench-balances',
    }
    const source = orderSource('orders', 1)
    const start = async (path: string) => {
      const args = [path, JSON.stringify(source.next(1))]
      const { ms, failures } = await inChild<{ ms: number; failures: number }>('cold-start/cold-process.js', {
        args,
        env,
      })
      if (failures > 0) throw new Error('the first invocation reported its record as failed')
      return ms
    }
    const times = { orders: [] as number[], bare: [] as number[] }
    for (let i = 0; i < (smoke ? 1 : rounds * perRound); i++) {
      times.orders.push(await start(orders.path))
      times.bare.push(await start(bare.path))
    }
    const compared = (name: string, unit: string, ours: number, peer: number) =>
      result({ name: `cold start: ${name}, bare handler`, unit, ours, peer, goal: 1.25, bound: 'at most' })
    return [
      compared(
        `import and first invocation of orders on ${store.engine}`,
        'ms',
        median(times.orders),
        median(times.bare),
      ),
      compared('bundle of orders', 'kB', orders.bytes / 1024, bare.bytes / 1024),
    ]
  } finally {
    await rm(folder, { recursive: true })
    await store.stop()
  }
}
