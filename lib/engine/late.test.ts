import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ok, retry } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { add, effectsTable, recordsOf, unsettledOf, World } from './engine.fixture.js'

let deployment: TestDeployment
let world: World
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none', tables: [effectsTable] })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
})
const id = (name: string) => `${world.group} ${name}`
it('at most once, an open record that an earlier release left is reported as abandoned once', async () => {
  await world.environment({ handle: async () => retry('no') }).deliver(recordsOf(0, 0))
  const env = world.environment({ delivery: 'at-most-once', attempts: 1 })
  await env.deliver(recordsOf(5, 6))
  await env.deliver(recordsOf(7, 8))
  expect(env.logged.filter(({ message }) => message === 'abandoned').length).toBe(1)
})
it('a batch over the limit of its transaction gives its claims back', async () => {
  const env = world.environment({
    atomicity: 'partition',
    async handle({ offset }, run) {
      run.atomically([add(id(String(offset)))])
      return ok()
    },
  })
  await expect(env.deliver(recordsOf(0, 149))).rejects.toMatchObject({ code: 'ML_TRANSACTION_LIMIT' })
  expect((await world.state()).claim).toBeNull()
})
it('a failure after its checkpoint leaves a record settled [K-06 partly]', async () => {
  const late = new Map()
  let release = () => {}
  const gate = new Promise<void>((r) => {
    release = r
  })
  const env = world.environment({
    checkpointRecords: 1,
    concurrency: 2,
    late: async () => new Map(late),
    async handle(record) {
      if (record.offset === 0) {
        setImmediate(async () => {
          while (!(await world.state()).settled.length) await new Promise((r) => setImmediate(r))
          late.set(record, new Error('late'))
          release()
        })
        return ok()
      }
      await gate
      return ok()
    },
  })
  const processed = await env.deliver(recordsOf(0, 1))
  const state = await world.state()
  expect([
    unsettledOf(processed),
    state.open.map((o) => o.offset),
    state.settled.map(({ from, to }) => [from, to]),
  ]).toEqual([[], [], [[0, 1]]])
})
it('at most once, a run that ends in the turn of the cut-off never runs again', async () => {
  const start = world.clock.now()
  const ran: number[] = []
  const env = world.environment({
    delivery: 'at-most-once',
    attempts: 1,
    concurrency: 1,
    order: 'partition',
    async handle({ offset }) {
      ran.push(offset)
      if (ran.length === 2) world.clock.advance(5_000)
      return ok()
    },
  })
  const remainingMs = () => start + 6_000 - world.clock.now()
  const left = unsettledOf(await env.deliver(recordsOf(0, 2), { remainingMs, reserveMs: 2_000 }))
  await env.deliver(recordsOf(0, 2))
  expect([left, ran]).toEqual([[2], [0, 1, 2]])
})
it('at least once, a run that ends in the turn of the cut-off has had its attempt', async () => {
  const start = world.clock.now()
  const env = world.environment({
    async handle() {
      world.clock.advance(5_000)
      return ok()
    },
  })
  const remainingMs = () => start + 6_000 - world.clock.now()
  await env.deliver(recordsOf(0, 0), { remainingMs, reserveMs: 2_000 })
  expect((await world.state()).open).toMatchObject([{ offset: 0, attempts: 1 }])
})
