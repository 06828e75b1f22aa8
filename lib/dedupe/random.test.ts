import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import {
  backwards,
  type Delivery,
  deliver,
  type Environment,
  environment,
  losing,
  nameOf,
  type Spec,
} from './dedupe.fixture.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

const faults = [
  ...(['goes well', 'goes well', 'goes well'] as const),
  ...(['dies before it runs', 'dies before settle', 'loses answers', 'is overtaken'] as const),
  ...(['races', 'races', 'races', 'races'] as const),
] as const

/**
 * Records of few keys in the lanes of three partitions, which of them fail how often, and what befalls each delivery.
 * `callsDuplicates`: they are called with the first result, so that they wait for it, and their lanes with them.
 */
const schedule = fc.record({
  consumer: fc.record({
    scope: fc.constantFrom('group' as const, 'group' as const, 'partition' as const),
    order: fc.constantFrom('partition' as const, 'partition' as const, 'key' as const, 'none' as const),
    callsDuplicates: fc.boolean(),
  }),
  log: fc.array(
    fc.record({
      partition: fc.nat(2),
      gap: fc.constantFrom(1, 1, 1, 2),
      lane: fc.nat(1),
      key: fc.constantFrom('a', 'a', 'a', 'b', 'b', 'b', 'c', 'd'),
      fails: fc.constantFrom(0, 0, 0, 1, 2),
    }),
    { minLength: 1, maxLength: 24, size: '+1' },
  ),
  batchSize: fc.integer({ min: 1, max: 6 }),
  deliveries: fc.array(
    fc.record({
      fault: fc.constantFrom(...faults),
      environment: fc.nat(1),
      only: fc.option(fc.nat(2), { nil: undefined }),
      split: fc.boolean(),
    }),
    { maxLength: 20 },
  ),
})
type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never

it('has each key take effect once, and settles every record, whatever fails, dies and is lost [R-24]', async () => {
  await fc.assert(fc.asyncProperty(schedule, play), { numRuns: 150 })
}, 300_000)

async function play({ consumer: how, log, batchSize, deliveries }: Schedule) {
  const { scope } = how
  const { open, time } = environment(deployment, scope, { ttlSeconds: 86_400 })
  const environments: Environment[] = [open(), open()]
  const { queues, settle, effects, repeatsAllowed } = consumer(how, log)
  let answers = 0
  const flaky = losing(deployment.client, () => (['lost after', 'answered', 'lost before'] as const)[answers++ % 3])
  let overtaken: Delivery[] = []

  for (let n = 0; queues.some((queue) => queue.length > 0); n++) {
    expect(n).toBeLessThan(400)
    const { fault, environment: at, only, split } = deliveries[n] ?? { ...quiet, only: n % 3, split: n % 2 === 0 }
    const due = queues.flatMap((queue, i) =>
      only !== undefined && only !== i ? [] : queue.slice(0, split ? 1 : batchSize),
    )
    const env = environments[at]
    if (env === undefined || due.length === 0) continue
    const using = fault === 'loses answers' ? { ...env, dedupe: open(flaky).dedupe } : env
    if (fault === 'races') {
      // An invocation for each partition, whose writes of keys come between each other's, the last first.
      const racing = queues.filter((queue) => queue.length > 0).map((queue) => queue.slice(0, batchSize))
      const all = racing.map((some) => some.map(({ spec }) => spec))
      const { dedupe } = open(backwards(deployment.client))
      const made = await Promise.all(all.map((specs) => deliver({ ...env, dedupe }, ...specs)))
      for (const one of [...overtaken, ...made]) await settle(one, false)
      overtaken = []
      time.now += 10_001
      continue
    }
    const delivery = await deliver(using, ...due.map(({ spec }) => spec))
    if (fault === 'is overtaken') {
      overtaken.push(delivery)
      continue
    }
    if (fault !== 'dies before it runs') await settle(delivery, fault === 'dies before settle')
    if (fault.startsWith('dies')) environments[at] = open()
    for (const one of overtaken) await settle(one, false)
    overtaken = []
    // Leases of the dead are over.
    time.now += 10_001
  }

  const keys = log.map(({ partition, key }) => (scope === 'group' ? key : `${partition} ${key}`))
  expect(new Set(effects.keys())).toEqual(new Set(keys))
  const repeats = [...effects.values()].reduce((sum, count) => sum + count - 1, 0)
  expect(repeats).toBeLessThanOrEqual(repeatsAllowed())
}

const quiet = { fault: 'goes well', environment: 0 } as const

/** Runs what is first, lane by lane, and settles as an engine does. */
function consumer({ scope, order, callsDuplicates }: Schedule['consumer'], log: Schedule['log']) {
  const queues = queuesOf(log)
  const failsLeft = new Map<number, number>(log.map(({ fails }, i) => [i, fails]))
  /** By key, in its scope. */
  const effects = new Map<string, number>()
  let unrecorded = 0

  function laneOf({ partition, offset }: { readonly partition: number; readonly offset: number }): string {
    if (order === 'none') return nameOf({ partition, offset })
    const index = queuesOf(log)[partition]?.find(({ spec }) => spec[1] === offset)?.index ?? -1
    return order === 'partition' ? `${partition}` : `${partition} ${log[index]?.lane}`
  }

  function run(name: string): boolean {
    const one = queues.flat().find(({ spec: [partition, offset] }) => nameOf({ partition, offset }) === name)
    if (one === undefined) throw new Error('what was settled was run')
    const left = failsLeft.get(one.index) ?? 0
    failsLeft.set(one.index, left - 1)
    if (left > 0) return false
    const [partition, , key] = one.spec
    const scoped = scope === 'group' ? key : `${partition} ${key}`
    effects.set(scoped, (effects.get(scoped) ?? 0) + 1)
    return true
  }

  async function settle({ claims, verdicts, leave }: Delivery, dies: boolean): Promise<void> {
    const [ok, failed, stopped] = [new Set<string>(), new Set<string>(), new Set<string>()]
    let ran = 0
    const repeats: (readonly [name: string, of: string])[] = []
    for (const one of claims.flatMap(({ todo }) => todo)) {
      const [name, lane, verdict] = [nameOf(one), laneOf(one), verdicts.get(one)]
      if (verdict === undefined) throw new Error('no verdict')
      if (stopped.has(lane)) continue
      if (verdict.kind === 'first') {
        if (run(name)) {
          ok.add(name)
          ran++
        } else {
          failed.add(name)
          stopped.add(lane)
        }
      } else if (verdict.ofSettled) ok.add(name)
      else if (verdict.sameBatch && !callsDuplicates) repeats.push([name, nameOf(verdict.owner)])
      else stopped.add(lane)
    }
    if (dies) {
      unrecorded += ran
      return
    }
    for (const [name, of] of repeats) if (ok.has(of)) ok.add(name)
    await leave([...ok], [...failed])
    const found = claims.flatMap(({ partition: { records }, todo }) => records.filter((one) => !todo.includes(one)))
    const done = new Set([...ok, ...found.map(nameOf)])
    for (const [i, queue] of queues.entries()) {
      queues[i] = queue.filter(({ spec: [partition, offset] }) => !done.has(nameOf({ partition, offset })))
    }
  }

  return { queues, settle, effects, repeatsAllowed: () => unrecorded }
}

/** What is still to be delivered of each partition, rising. */
function queuesOf(log: Schedule['log']): { readonly index: number; readonly spec: Spec }[][] {
  const next = [0, 0, 0]
  const queues: { readonly index: number; readonly spec: Spec }[][] = [[], [], []]
  for (const [index, { partition, gap, key }] of log.entries()) {
    const offset = (next[partition] ?? 0) + gap
    next[partition] = offset
    queues[partition]?.push({ index, spec: [partition, offset, key] })
  }
  return queues
}
