import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LedgerStore } from '../ledger/index.js'
import { ok } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { recordsOf, unsettledOf, World } from './engine.fixture.js'
import type { Run } from './engine.js'

let deployment: TestDeployment
let world: World
let start: number
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
  start = world.clock.now()
})

/** Opens when the test says so. */
function gate() {
  let open = () => {}
  let reached = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  const waiting = new Promise<void>((resolve) => (reached = resolve))
  const pass = () => {
    reached()
    return opened
  }
  return { pass, open: () => open(), waiting }
}
/** Long enough for a machine under load. */
const patiently = { interval: 5, timeout: 20_000 }
const claimNow = async () => (await world.state()).claim
const settledNow = async () => (await world.state()).settled.map(({ from, to }) => [from, to])
const leaseBecomes = (ms: number) => expect.poll(claimNow, patiently).toMatchObject({ leaseEnd: start + ms })
const noTime = { remainingMs: () => 2_000, reserveMs: 1_000 }

describe('a batch that outlives a third of its lease', () => {
  it('renews it, as often as it takes, so that nobody else gets in; it settles what is done so far', async () => {
    const { pass, open, waiting } = gate()
    const slow = world.environment({
      async handle({ offset }) {
        if (offset === 1) await pass()
        return ok()
      },
    })
    const delivered = slow.deliver(recordsOf(0, 2))
    await waiting
    expect(await claimNow()).toMatchObject({ leaseEnd: start + 10_000 })
    for (const renewals of [1, 2, 3, 4]) {
      world.clock.advance(3_334)
      await leaseBecomes(renewals * 3_334 + 10_000)
    }
    // In the time of a whole lease after the first one's end, another is held off.
    expect(unsettledOf(await world.environment().deliver(recordsOf(0, 2), noTime))).toEqual([0, 1, 2])
    expect(await settledNow()).toEqual([
      [0, 0],
      [2, 2],
    ])
    open()
    expect(unsettledOf(await delivered)).toEqual([])
    expect([await settledNow(), await claimNow()]).toEqual([[[0, 2]], null])
  })

  it('and dies: what a checkpoint has settled is not run again [T-16 partly]', async () => {
    const { pass, waiting } = gate()
    const slow = world.environment({
      async handle({ offset }) {
        if (offset === 1) await pass()
        return ok()
      },
    })
    const delivered = slow.deliver(recordsOf(0, 2))
    await waiting
    world.clock.advance(3_334)
    await leaseBecomes(13_334)
    void slow.die()
    expect(await delivered).toBe('died')
    world.clock.advance(10_000)
    const ran: number[] = []
    const successor = world.environment({
      async handle({ offset }) {
        ran.push(offset)
        return ok()
      },
    })
    expect(unsettledOf(await successor.deliver(recordsOf(0, 2)))).toEqual([])
    expect(ran).toEqual([1])
  })

  it('never renews it for longer than its process lives, and a second', async () => {
    const { pass, open, waiting } = gate()
    const { deliver } = world.environment({
      async handle() {
        await pass()
        return ok()
      },
    })
    const remainingMs = () => start + 12_000 - world.clock.now()
    const delivered = deliver(recordsOf(0, 0), { remainingMs, reserveMs: 1_000 })
    await waiting
    world.clock.advance(3_334)
    await leaseBecomes(13_000)
    open()
    expect(unsettledOf(await delivered)).toEqual([])
  })

  it('and one that does not has no renewal to pay for', async () => {
    const { engine, deliver } = world.environment({
      async handle() {
        world.clock.advance(3_333)
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 0)))).toEqual([])
    expect(engine.ledger.usage.writeUnits).toBe(2)
  })
})

describe('a lease that cannot be renewed', () => {
  const lost = { kind: 'lost' as const, cause: new Error('no answer') }
  it.each<[why: string, fail: LedgerStore['swap'], answer: unknown]>([
    ['because no answer comes', () => Promise.resolve([lost]), [0, 1, 2, 3]],
    ['because the store refuses', () => Promise.reject(new Error('refused')), 'refused'],
  ])('%s, starts no more records once it is over, and all come again', async (_, fail, answer) => {
    let down = false
    const ran: number[] = []
    const through = (store: LedgerStore): LedgerStore => ({
      ...store,
      swap: (swaps) => (down ? fail(swaps) : store.swap(swaps)),
    })
    const environment = world.environment({
      through,
      concurrency: 1,
      async handle({ offset }) {
        ran.push(offset)
        if (offset === 1) {
          down = true
          world.clock.advance(10_000)
        }
        return ok()
      },
    })
    const reported = environment.deliver(recordsOf(0, 3)).then(unsettledOf, (error: Error) => error.message)
    expect(await reported).toEqual(answer)
    expect(ran).toEqual([0, 1])
  })
})

describe('checkpoints by count', () => {
  it('are written after so many records, one write each, and settle them', async () => {
    const seen: unknown[] = []
    const { engine, deliver } = world.environment({
      checkpointRecords: 2,
      concurrency: 1,
      async handle({ offset }) {
        if (offset === 2 || offset === 4) await expect.poll(settledNow, patiently).toEqual([[0, offset - 1]])
        seen.push(offset)
        return ok()
      },
    })
    expect(unsettledOf(await deliver(recordsOf(0, 4)))).toEqual([])
    expect(seen).toEqual([0, 1, 2, 3, 4])
    expect(engine.ledger.usage.writeUnits).toBe(4)
  })
})

describe('a record that runs too long', () => {
  it('has its signal aborted, and has failed; the others go on, and its late end changes nothing [T-21]', async () => {
    const { pass, open, waiting } = gate()
    const signals: AbortSignal[] = []
    const environment = world.environment({
      recordTimeoutMs: 500,
      async handle({ offset }, run) {
        if (offset !== 1) return ok()
        signals.push(run.signal)
        await pass()
        return ok()
      },
    })
    const delivered = environment.deliver(recordsOf(0, 3, (offset) => (offset < 3 ? `k${offset}` : 'k1')))
    await waiting
    world.clock.advance(499)
    expect(signals[0]?.aborted).toBe(false)
    world.clock.advance(1)
    expect(signals[0]?.aborted).toBe(true)
    expect(unsettledOf(await delivered)).toEqual([1, 3])
    open()
    expect(environment.logged).toMatchObject([
      { message: 'retry', fields: { offset: 1, attempt: 1, reason: expect.stringContaining('ML_HANDLER_TIMEOUT') } },
    ])
    expect((await world.state()).open).toMatchObject([{ offset: 1, attempts: 1 }])
  })

  it('beyond the end of its invocation gets its signal at the reserve, and is cut off at half of it [T-21]', async () => {
    const { pass, waiting } = gate()
    const ran: number[] = []
    const events: string[] = []
    let late: Run | undefined
    const { deliver } = world.environment({
      concurrency: 1,
      order: 'none',
      async handle({ offset }, run) {
        ran.push(offset)
        run.signal.addEventListener('abort', () => events.push(`aborted at ${world.clock.now() - start}`))
        late = run
        await pass()
        return ok()
      },
    })
    const remainingMs = () => start + 9_000 - world.clock.now()
    const delivered = deliver(recordsOf(0, 1), { remainingMs, reserveMs: 2_000 }).then((processed) => {
      events.push(`answered at ${world.clock.now() - start}`)
      return unsettledOf(processed)
    })
    await waiting
    world.clock.advance(7_999)
    world.clock.advance(1)
    expect(await delivered).toEqual([0, 1])
    expect([ran, events]).toEqual([[0], ['aborted at 7000', 'answered at 8000']])
    expect(await world.state()).toMatchObject({ open: [{ offset: 0, attempts: 1 }], claim: null })
    // What it still declares would be lost, so it is told.
    expect(() => late?.atomically([])).toThrow('ML_HANDLER_PENDING')
  })
})
