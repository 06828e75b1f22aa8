import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { LedgerStore } from '../ledger/index.js'
import { ok } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { recordsOf, unsettledOf, World } from './engine.fixture.js'

let deployment: TestDeployment
let world: World
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
})

it('writes one checkpoint for all that were due while the one before was written', async () => {
  let swaps = 0
  const { deliver } = world.environment({
    checkpointRecords: 1,
    through: (store: LedgerStore) => ({
      ...store,
      async swap(list) {
        swaps++
        return store.swap(list)
      },
    }),
    handle: () => ok(),
  })
  expect(unsettledOf(await deliver(recordsOf(0, 499)))).toEqual([])
  // The claim, one or two checkpoints, the settle.
  expect(swaps).toBeLessThan(6)
})

it('counts what a stale invocation has done as pending, because all of it comes again', async () => {
  const other = world.environment()
  const { deliver } = world.environment({
    order: 'partition',
    async handle({ offset }) {
      if (offset === 2) {
        world.clock.advance(11_000)
        await other.deliver(recordsOf(0, 2))
      }
      return ok()
    },
  })
  const done = await deliver(recordsOf(0, 2))
  expect(unsettledOf(done)).toEqual([0, 1, 2])
  expect(done).toMatchObject({ tally: { ok: 0, pending: 3 } })
})
