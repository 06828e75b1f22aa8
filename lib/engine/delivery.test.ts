import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { itemKey, type OpenRecord } from '../ledger/index.js'
import { ok, retry } from '../outcome/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { type Environment, type EnvironmentOptions, recordsOf, unsettledOf, World } from './engine.fixture.js'
import { maxOpen } from './entries.js'

let deployment: TestDeployment
let world: World
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  world = new World(deployment)
})

/** Fails the records of these offsets, or lets its process die of them. Notes what it runs. */
function environment(
  { fails = [], kills = [] }: { fails?: readonly number[]; kills?: readonly number[] } = {},
  options: EnvironmentOptions = {},
): Environment & { ran: number[] } {
  const ran: number[] = []
  const made: Environment = world.environment({
    concurrency: 1,
    async handle({ offset }) {
      ran.push(offset)
      if (kills.includes(offset)) return made.die()
      return fails.includes(offset) ? retry('not now') : ok()
    },
    ...options,
  })
  return Object.assign(made, { ran })
}
const abandonedLines = ({ logged }: Environment) =>
  logged.flatMap(({ message, fields }) => (message === 'abandoned' ? [fields.offset] : []))

describe('a record that Lambda went on without', () => {
  it('is reported once: in the failures table, the log and the tally; then it leaves the open records', async () => {
    expect(unsettledOf(await environment({ fails: [0] }).deliver(recordsOf(0, 1)))).toEqual([0])
    // A checkpoint after the first record reports it; what comes later does not again.
    const beyond = environment({}, { checkpointRecords: 1 })
    expect(await beyond.deliver(recordsOf(2, 3))).toMatchObject({ tally: { abandoned: 1, ok: 2 } })
    expect([await world.failures(), abandonedLines(beyond)]).toEqual([[[0, 'abandoned']], [0]])
    expect((await world.state()).open).toEqual([])
    expect(await beyond.deliver(recordsOf(4, 5))).toMatchObject({ tally: { abandoned: 0, ok: 2 } })
    expect(abandonedLines(beyond)).toEqual([0])
  })

  it('is not settled by that, and run if it comes after all', async () => {
    await environment({ fails: [0] }).deliver(recordsOf(0, 1))
    await environment().deliver(recordsOf(2, 3))
    const late = environment()
    expect(unsettledOf(await late.deliver(recordsOf(0, 3)))).toEqual([])
    expect(late.ran).toEqual([0])
    expect((await world.state()).settled).toMatchObject([{ from: 0, to: 3 }])
  })

  it('is never written over an envelope that is there, which has more to say', async () => {
    const { fallback } = world.environment().engine
    const unheard: Environment['engine']['fallback'] = {
      ...fallback,
      async write(failures, signal) {
        await fallback.write(failures, signal)
        return failures.map(() => ({ ok: false, error: new Error('no answer') }))
      },
    }
    const giving = environment({ fails: [0] }, { attempts: 1, fallback: unheard })
    expect(unsettledOf(await giving.deliver(recordsOf(0, 1)))).toEqual([0])
    expect(await environment().deliver(recordsOf(2, 3))).toMatchObject({ tally: { abandoned: 1 } })
    expect(await world.failures()).toEqual([[0, 'exhausted']])
    expect((await world.state()).open).toEqual([])
  })

  it('stays open while its report is not acknowledged, and is reported with the next batch', async () => {
    await environment({ fails: [0] }).deliver(recordsOf(0, 1))
    const { fallback } = world.environment().engine
    const down = { ...fallback, abandon: async () => Promise.reject(new Error('down')) }
    expect(await environment({}, { fallback: down }).deliver(recordsOf(2, 3))).toMatchObject({
      tally: { abandoned: 0 },
    })
    expect((await world.state()).open).toMatchObject([{ offset: 0 }])
    expect(await environment().deliver(recordsOf(4, 5))).toMatchObject({ tally: { abandoned: 1 } })
    expect(await world.failures()).toEqual([[0, 'abandoned']])
  })
})

describe('delivery', () => {
  const crash = async (delivery: 'at-least-once' | 'at-most-once') => {
    const dying = environment({ kills: [1] }, { delivery })
    expect(await dying.deliver(recordsOf(0, 3))).toBe('died')
    world.clock.advance(10_000)
    const successor = environment({}, { delivery })
    expect(unsettledOf(await successor.deliver(recordsOf(0, 4)))).toEqual([])
    return { before: dying.ran, after: successor.ran }
  }

  it('at least once runs again after a crash what was not settled before it [P-19]', async () => {
    expect(await crash('at-least-once')).toEqual({ before: [0, 1], after: [0, 1, 2, 3, 4] })
  })

  it('at most once never shows a record again that a crash may have interrupted, and goes on behind it [P-20]', async () => {
    expect(await crash('at-most-once')).toEqual({ before: [0, 1], after: [4] })
  })

  const failing = (delivery: 'at-least-once' | 'at-most-once') =>
    environment({ fails: [1] }, { delivery, attempts: delivery === 'at-most-once' ? 1 : 3 })

  it('at least once runs a failed record again, until its attempts are spent [P-19]', async () => {
    const one = failing('at-least-once')
    const left = []
    for (const _ of [1, 2, 3]) left.push(unsettledOf(await one.deliver(recordsOf(0, 2))))
    expect([left, one.ran]).toEqual([
      [[1], [1], []],
      [0, 1, 2, 1, 1],
    ])
    expect(await world.failures()).toEqual([[1, 'exhausted']])
  })

  it('at most once gives a failed record to the fallback, and never runs it twice [P-20]', async () => {
    const one = failing('at-most-once')
    for (const _ of [1, 2, 3]) expect(unsettledOf(await one.deliver(recordsOf(0, 2)))).toEqual([])
    expect(one.ran).toEqual([0, 1, 2])
    expect(await world.failures()).toEqual([[1, 'exhausted']])
  })

  it('at most once runs nothing twice where even the fallback fails, or the batch does [P-20]', async () => {
    const { fallback } = world.environment().engine
    const down = { ...fallback, write: async () => Promise.reject(new Error('down')) }
    const one = environment({ fails: [1] }, { delivery: 'at-most-once', attempts: 1, fallback: down })
    expect(unsettledOf(await one.deliver(recordsOf(0, 2)))).toEqual([])
    const breach = environment({}, { delivery: 'at-most-once', handle: () => Promise.reject(new Error('breach')) })
    await expect(breach.deliver(recordsOf(3, 4))).rejects.toThrow('breach')
    const after = environment({}, { delivery: 'at-most-once' })
    expect(unsettledOf(await after.deliver(recordsOf(0, 5)))).toEqual([])
    // 3 was started, and 4 was not.
    expect([one.ran, after.ran]).toEqual([
      [0, 1, 2],
      [4, 5],
    ])
  })

  it('at most once brings again what was not started, where not even that was possible', async () => {
    const reserve = () => Promise.reject(new Error('throttled'))
    const one = environment({}, { delivery: 'at-most-once', reserve })
    await expect(one.deliver(recordsOf(0, 4))).rejects.toThrow('throttled')
    const after = environment({}, { delivery: 'at-most-once' })
    expect(unsettledOf(await after.deliver(recordsOf(0, 4)))).toEqual([])
    expect([one.ran, after.ran]).toEqual([[], [0, 1, 2, 3, 4]])
  })

  it('at most once reports what it has not started, while it may', async () => {
    const one = environment({}, { delivery: 'at-most-once' })
    const start = world.clock.now()
    const { handle } = one.engine
    const slow = environment(
      {},
      {
        delivery: 'at-most-once',
        handle(record, run) {
          if (record.offset === 1) world.clock.advance(4_000)
          return handle(record, run)
        },
      },
    )
    const remainingMs = () => start + 6_000 - world.clock.now()
    expect(unsettledOf(await slow.deliver(recordsOf(0, 3), { remainingMs, reserveMs: 2_000 }))).toEqual([2, 3])
    expect(unsettledOf(await one.deliver(recordsOf(0, 3)))).toEqual([])
    expect(one.ran).toEqual([0, 1, 2, 3])
  })
})

describe('a source partition with as many open records as are kept', () => {
  /** Open: every second offset from 10 on. */
  const open = Array.from(
    { length: maxOpen },
    (_, i): OpenRecord => ({
      offset: 10 + i * 2,
      attempts: 1,
      deaths: 0,
      convicted: false,
      givenUp: false,
      notBefore: 0,
      holds: 0,
      timestamp: 1_700_000_000_000 + 10 + i * 2,
      firstSeen: 0,
    }),
  )

  it('starts nothing new but what is below all of them; they are run, and none is forgotten', async () => {
    const state = { ...(await emptyState()), open, delivered: 10 + maxOpen * 2 }
    const store = world.store()
    await store.swap([
      { key: itemKey(world.group, world.topic, 0), known: 0, item: { version: 1, writeId: 'w', state } },
    ])
    const full = environment({ fails: [10, 14] }, { order: 'none', attempts: 9 })
    // Below all, open, new, open, new, open.
    expect(unsettledOf(await full.deliver(recordsOf(9, 14)))).toEqual([10, 11, 13, 14])
    expect(full.ran).toEqual([9, 10, 12, 14])
    const after = await world.state()
    expect(after.open).toEqual(
      open.flatMap((entry) =>
        entry.offset === 12 ? [] : [entry.offset === 10 || entry.offset === 14 ? { ...entry, attempts: 2 } : entry],
      ),
    )
    // With room for one more, something new is started.
    expect(unsettledOf(await full.deliver(recordsOf(10, 14)))).toEqual([10, 14])
    expect(full.ran.slice(4)).toEqual([10, 11, 13, 14])
  })

  async function emptyState() {
    const other = new World(deployment)
    await other.environment().deliver(recordsOf(0, 0))
    return { ...(await other.state()), settled: [], newest: 0 }
  }
})
