import { expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { testDeployment } from '../testing/index.js'
import { holder, partitionsOf, settleAll } from './ledger.fixture.js'
import { openLedger } from './ledger.js'
import { dynamodbStore, itemKey } from './store/index.js'

it('never loses an update among fifty writers of as many partitions and one they share, on a real store [E-05]', async () => {
  const topic = 't'
  const writers = Array.from({ length: 50 }, (_, i) => i)
  const deployment = await testDeployment({ topic })
  const storeOf = () => dynamodbStore(deployment.client, deployment.ledgerTable)
  const clock = { ...systemClock, now: () => 1_000_000, sleep: async () => {} }
  try {
    await Promise.all(
      writers.map(async (i) => {
        const ledger = openLedger({ store: storeOf(), clock, group: 'g', leaseMs: 10_000, withholds: false })
        let left = partitionsOf(topic, [
          { partition: 1 + i, offset: 0 },
          { partition: 0, offset: i },
        ])
        while (left.length > 0) {
          const claims = await ledger.claim(left, holder(`w${i}`))
          const mine = claims.filter((one) => one.kind === 'claimed')
          await settleAll(ledger, mine, `w${i}`)
          left = claims.filter((one) => one.kind === 'busy').map(({ partition }) => partition)
          await new Promise((resolve) => setImmediate(resolve))
        }
      }),
    )
    const items = await storeOf().load([itemKey('g', topic, 0), ...writers.map((i) => itemKey('g', topic, 1 + i))])
    const settled = (items[0]?.state.settled ?? []).reduce((sum, { from, to }) => sum + to - from + 1, 0)
    expect(settled).toBe(50)
    expect(items.every((one) => one?.state.claim === null)).toBe(true)
  } finally {
    await deployment.stop()
  }
})
