import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBatch } from '../event/index.js'
import { ok } from '../outcome/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import {
  deliverAll,
  type Environment,
  type EnvironmentOptions,
  recordsOf,
  unsettledOf,
  World,
} from './engine.fixture.js'
import { type Evidence, isolationOf } from './isolate.js'
import type { Order } from './lanes.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

describe('the chunks in which suspected records run', () => {
  const isolated = (keys: string, evidence: Partial<Evidence>, order: Order): number[][] => {
    const records = [...keys].map((key) => ({ key, value: 1 }))
    const todo = readBatch(kafkaEvent({ topic: 't', records })).partitions[0]?.records ?? []
    return isolationOf(todo, { crashed: null, suspect: null, ...evidence }, order).map((chunk) =>
      chunk.map(({ offset }) => offset),
    )
  }
  const each = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => [from + i])

  it('are none where nothing died', () => {
    expect(isolated('abcdef', {}, 'partition')).toEqual([])
  })

  it('are single records, where up to eight crashed', () => {
    expect(isolated('abcdefghij', { crashed: { from: 1, to: 8 } }, 'none')).toEqual(each(1, 8))
  })

  it.each([
    [9, 3, 3],
    [10, 4, 3],
    [100, 10, 10],
  ])('are, of %i crashed records, of the square root of that many: %i', (crashed, size, count) => {
    const chunks = isolated('a'.repeat(crashed), { crashed: { from: 0, to: crashed } }, 'none')
    expect([chunks[0]?.length, chunks.length, chunks.flat()]).toEqual([size, count, each(0, crashed - 1).flat()])
  })

  it('are first those of a chunk that died, singly, however many, and then the rest', () => {
    const evidence = { crashed: { from: 0, to: 19 }, suspect: { from: 5, to: 14 } }
    expect(isolated('a'.repeat(20), evidence, 'none')).toEqual([
      ...each(5, 14),
      [0, 1, 2, 3],
      [4, 15, 16, 17],
      [18, 19],
    ])
  })

  it('hold what is unsettled before them in their lanes, and nothing behind them (rule 7)', () => {
    expect(isolated('abcabcabc', { crashed: { from: 4, to: 4 } }, 'key')).toEqual([[1], [4]])
    expect(isolated('abcabcabc', { crashed: { from: 4, to: 4 } }, 'partition')).toEqual(each(0, 4))
    expect(isolated('abcabcabc', { crashed: { from: 4, to: 4 } }, 'none')).toEqual([[4]])
    expect(isolated('abcabcabc', { suspect: { from: 4, to: 4 }, crashed: { from: 4, to: 5 } }, 'key')).toEqual([
      [1],
      [4],
      [2],
      [5],
    ])
  })

  it('leave out what was settled meanwhile', () => {
    expect(isolated('', { crashed: { from: 0, to: 9 }, suspect: { from: 0, to: 4 } }, 'key')).toEqual([])
  })
})

describe('a record that kills its process', () => {
  /** Runs of each record, in their order; which killers there are; and what each run knew of its attempt. */
  function killing(world: World, killers: readonly number[], options: EnvironmentOptions = {}) {
    const runs: number[] = []
    const attempts = new Set<number>()
    const environment = () => {
      const made: Environment = world.environment({
        ...options,
        async handle({ offset }, { attempt }) {
          runs.push(offset)
          attempts.add(attempt)
          if (killers.includes(offset)) return made.die()
          await Promise.resolve()
          return made.dead ? made.die() : ok()
        },
      })
      return made
    }
    return { runs, attempts, environment, timesRun: (offset: number) => runs.filter((one) => one === offset).length }
  }

  it.each<[order: Order, records: number, killer: number, runs: number]>([
    ['none', 30, 17, 4],
    ['key', 30, 0, 4],
    ['partition', 30, 29, 4],
    ['none', 6, 3, 3],
    ['partition', 6, 5, 3],
    ['key', 1, 0, 3],
  ])('runs at most four times (order %s, %i records, killer %i: %i), goes to the fallback unrun, and costs its neighbours nothing [P-03]', async (order, count, killer, times) => {
    const world = new World(deployment)
    const { environment, runs, attempts, timesRun } = killing(world, [killer], { order })
    const deliveries = await deliverAll(
      world,
      recordsOf(0, count - 1, (offset) => `k${offset % 5}`),
      environment,
    )
    expect([timesRun(killer), deliveries]).toEqual([times, times + 1])
    expect(await world.failures()).toEqual([[killer, 'convicted']])
    expect(new Set(runs).size).toBe(count)
    expect([...attempts]).toEqual([1])
    expect(await world.state()).toMatchObject({
      settled: [{ from: 0, to: count - 1 }],
      open: [],
      crashed: null,
      suspect: null,
      claim: null,
    })
  })

  it('is found among others of its kind, each of them run at most four times [P-03]', async () => {
    const world = new World(deployment)
    const killers = [2, 3, 40, 77]
    const { environment, timesRun, attempts } = killing(world, killers, { order: 'none', concurrency: 10 })
    await deliverAll(world, recordsOf(0, 99), environment)
    expect(killers.map(timesRun).filter((times) => times > 4)).toEqual([])
    expect(await world.failures()).toEqual(killers.map((killer) => [killer, 'convicted']))
    expect([...attempts]).toEqual([1])
  })

  it('takes nobody along who is not in its chunk: no other record runs under its marker', async () => {
    const world = new World(deployment)
    const underMarkers: [marker: string, offset: number][] = []
    const { environment } = killing(world, [7])
    const first = environment()
    expect(await first.deliver(recordsOf(0, 11))).toBe('died')
    world.clock.advance(10_000)
    const second = world.environment({
      concurrency: 1,
      async handle({ offset }) {
        const { claim } = await world.state()
        const marker = claim?.marker
        underMarkers.push([marker ? `${marker.from}-${marker.to}` : 'none', offset])
        return ok()
      },
    })
    // Records that nobody claimed before run last, without a marker.
    expect(unsettledOf(await second.deliver(recordsOf(0, 13)))).toEqual([])
    const byMarker = new Map<string, number[]>()
    for (const [marker, offset] of underMarkers) byMarker.set(marker, [...(byMarker.get(marker) ?? []), offset])
    expect([...byMarker]).toEqual([
      ['0-3', [0, 1, 2, 3]],
      ['4-7', [4, 5, 6, 7]],
      ['8-11', [8, 9, 10, 11]],
      ['none', [12, 13]],
    ])
  })

  it('is not convicted by one death on its own marker: what goes well then is settled like any other [P-03]', async () => {
    const world = new World(deployment)
    let deaths = 3
    const environment = () => {
      const made: Environment = world.environment({
        order: 'none',
        async handle({ offset }) {
          // Among all others, in its chunk, and alone.
          if (offset === 4 && deaths-- > 0) return made.die()
          return made.dead ? made.die() : ok()
        },
      })
      return made
    }
    expect(await deliverAll(world, recordsOf(0, 8), environment)).toBe(4)
    expect(await world.failures()).toEqual([])
    expect((await world.state()).open).toEqual([])
  })
})
