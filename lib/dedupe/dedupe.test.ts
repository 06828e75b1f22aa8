import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { deliver, environment, losing, type Spec } from './dedupe.fixture.js'

const deployments: Partial<Record<string, TestDeployment>> = {}
beforeAll(async () => {
  deployments.dynoxide = await testDeployment({ topic: 'none' })
  process.env.MILLRACE_STORE_ENGINE = 'dynalite'
  deployments.dynalite = await testDeployment({ topic: 'none' })
  delete process.env.MILLRACE_STORE_ENGINE
})
afterAll(async () => {
  await deployments.dynalite?.stop()
  await deployments.dynoxide?.stop()
})

const on = (engine: string): TestDeployment => {
  const deployment = deployments[engine]
  if (deployment === undefined) throw new Error(`no ${engine}`)
  return deployment
}

describe.each([
  ['group', 'dynoxide'],
  ['group', 'dynalite'],
  ['partition', 'dynoxide'],
  ['partition', 'dynalite'],
] as const)('a business event produced twice (scope %s, on %s)', (scope, engine) => {
  const fresh = (options = {}) => environment(on(engine), scope, options)

  it('has its effect once: the first is run, a duplicate of a settled one is not [R-24, P-18 partly]', async () => {
    const env = fresh()
    const first = await deliver(env, [0, 0, 'a'], [0, 1, 'b'])
    expect(first.told).toEqual({ '0:0': 'first', '0:1': 'first' })
    await first.settle('0:0', '0:1')
    const second = await deliver(env.open(), [0, 2, 'a'], [0, 3, 'c'], [0, 4, 'b'])
    expect(second.told).toEqual({ '0:2': 'settled', '0:3': 'first', '0:4': 'settled' })
    expect(Array.from(second.verdicts.values(), (one) => 'owner' in one && one.owner.offset)).toEqual(
      expect.arrayContaining([0, false, 1]),
    )
  })

  it('is run again where its own record is delivered again, until that is settled', async () => {
    const env = fresh()
    await (await deliver(env, [0, 0, 'a'])).settle()
    expect((await deliver(env, [0, 0, 'a'])).told).toEqual({ '0:0': 'first' })
    env.time.now += 10_000
    expect((await deliver(env.open(), [0, 0, 'a'])).told).toEqual({ '0:0': 'first' })
  })

  it('is reported while the first is not settled, and ok once it is', async () => {
    const env = fresh()
    await (await deliver(env, [0, 0, 'a'])).settle()
    const waiting = await deliver(env.open(), [0, 0, 'a'], [0, 1, 'b'])
    await waiting.settle('0:1')
    const reported = await deliver(env.open(), [0, 2, 'a'])
    // The batch reached beyond record 0 without bringing it: its report as abandoned was acknowledged.
    expect(reported.told).toEqual({ '0:2': 'reported' })
    await reported.settle()
    expect((await deliver(env, [0, 2, 'a'])).told).toEqual({ '0:2': 'first' })
  })

  it('twice in one batch is decided by the first of them', async () => {
    const env = fresh()
    const batch: Spec[] = [
      [0, 0, 'a'],
      [0, 1, 'a'],
      [0, 2, 'b'],
    ]
    const both = await deliver(env, ...batch)
    expect(both.told).toEqual({ '0:0': 'first', '0:1': 'same batch', '0:2': 'first' })
    await both.settle('0:2')
    const again = await deliver(env.open(), ...batch)
    expect(again.told).toEqual({ '0:0': 'first', '0:1': 'same batch' })
    await again.settle('0:0')
    expect((await deliver(env, [0, 1, 'a'])).told).toEqual({ '0:1': 'settled' })
  })

  it('may have its effect again when its time to live is over, be the entry deleted or not', async () => {
    const env = fresh({ ttlSeconds: 60 })
    await (await deliver(env, [0, 0, 'a'])).settle('0:0')
    env.time.now += 59_999
    await (await deliver(env, [0, 1, 'a'])).settle('0:1')
    env.time.now += 1
    const late = await deliver(env.open(), [0, 2, 'a'])
    expect(late.told).toEqual({ '0:2': 'first' })
    await late.settle('0:2')
    expect((await deliver(env, [0, 3, 'a'])).told).toEqual({ '0:3': 'settled' })
  })

  it('has its effect once even where the ledger has forgotten the first, as transaction markers make it', async () => {
    const env = fresh()
    for (let n = 0; n < 45; n++) await (await deliver(env, [0, 2 * n, `k${n}`])).settle(`0:${2 * n}`)
    expect((await deliver(env.open(), [0, 90, 'k0'], [0, 91, 'k44'])).told).toEqual({
      '0:90': 'settled',
      '0:91': 'settled',
    })
  })

  it('in two groups is two events', async () => {
    const [one, two] = [fresh(), fresh()]
    await (await deliver(one, [0, 0, 'a'])).settle('0:0')
    expect((await deliver(two, [0, 1, 'a'])).told).toEqual({ '0:1': 'first' })
  })

  it('is never its own duplicate, whatever answers are lost', async () => {
    const fates = ['lost after', 'lost before', 'lost after'] as const
    const env = fresh()
    for (let offset = 0; offset < 12; offset++) {
      let call = 0
      const hit = new Set([offset % 3, (offset >> 1) % 5])
      const flaky = losing(on(engine).client, () => (hit.has(++call) ? (fates[call % 3] ?? 'answered') : 'answered'))
      const { dedupe } = env.open(flaky)
      const { told, settle } = await deliver({ ...env, dedupe }, [0, offset, `k${offset}`])
      expect(told).toEqual({ [`0:${offset}`]: 'first' })
      await settle(`0:${offset}`)
    }
  })

  it('of a topic that was recreated since is run', async () => {
    const env = fresh()
    await (await deliver(env, [0, 0, 'a', 1_000], [0, 1, 'b', 1_001])).settle('0:0')
    env.time.now += 600_000
    const later = env.time.now - 5
    // The same offsets, other records: of the old record 1 nobody knows whether it had its effect.
    await (await deliver(env, [0, 0, 'x', later], [0, 1, 'y', later + 1])).settle('0:0', '0:1')
    expect((await deliver(env, [0, 2, 'b', later + 2])).told).toEqual({ '0:2': 'first' })
  })

  it('is not reserved where the table does not answer', async () => {
    const env = fresh()
    const { dedupe } = env.open(losing(on(engine).client, () => 'lost before'))
    await expect(deliver({ ...env, dedupe }, [0, 0, 'a'])).rejects.toThrow('ML_STORE_UNREACHABLE')
  })
})

describe('the scope group', () => {
  it('knows duplicates in other partitions, by the ledgers of theirs', async () => {
    const env = environment(on('dynoxide'), 'group')
    const first = await deliver(env, [0, 0, 'a'], [1, 0, 'b'])
    expect((await deliver(env.open(), [2, 0, 'a'], [3, 7, 'c'])).told).toEqual({ '2:0': 'reported', '3:7': 'first' })
    await first.settle('0:0')
    env.time.now += 10_000
    expect((await deliver(env.open(), [2, 0, 'a'], [3, 8, 'b'])).told).toEqual({ '2:0': 'settled', '3:8': 'reported' })
  })

  it('gives the key in one batch to the record that has it already, be it the first there or not', async () => {
    const env = environment(on('dynoxide'), 'group')
    await (await deliver(env, [1, 0, 'a'])).settle()
    expect((await deliver(env.open(), [0, 0, 'a'], [1, 0, 'a'], [2, 0, 'a'])).told).toEqual({
      '0:0': 'same batch',
      '1:0': 'first',
      '2:0': 'same batch',
    })
  })

  it('costs one write unit per key, and one call per 25', async () => {
    const { dedupe, ...env } = environment(on('dynoxide'), 'group')
    const batch = Array.from({ length: 1_000 }, (_, i): Spec => [i % 4, Math.floor(i / 4), `key ${i}`])
    const { told } = await deliver({ dedupe, ...env }, ...batch)
    expect(new Set(Object.values(told))).toEqual(new Set(['first']))
    expect(dedupe.usage).toMatchObject({ calls: 40, writeUnits: 1_000 })
  })

  it('keeps first results of settled owners for the duplicates to come [P-18]', async () => {
    const env = environment(on('dynoxide'), 'group')
    const { claims, settle } = await deliver(env, [0, 0, 'a'], [0, 1, 'b'])
    await settle('0:0', '0:1')
    const records = claims.flatMap(({ todo }) => todo)
    await env.dedupe.keepResults(
      records.map((record, i) => ({ record, key: 'ab'[i] ?? '', result: JSON.stringify({ charged: i }) })),
    )
    const { verdicts } = await deliver(env, [0, 2, 'b'])
    expect([...verdicts.values()]).toEqual([
      { kind: 'duplicate', ofSettled: true, owner: { topic: 't', partition: 0, offset: 1 }, result: { charged: 1 } },
    ])
  })

  it('keeps no result for a key that has gone to another record', async () => {
    const env = environment(on('dynoxide'), 'group', { ttlSeconds: 1 })
    const { claims, settle } = await deliver(env, [0, 0, 'a'])
    await settle('0:0')
    const [record] = claims.flatMap(({ todo }) => todo)
    if (record === undefined) throw new Error('no record')
    const keep = () => env.dedupe.keepResults([{ record, key: 'a', result: '1' }])
    await keep()
    env.time.now += 2_000
    await (await deliver(env, [0, 1, 'a'])).settle('0:1')
    await keep()
    const { verdicts } = await deliver(env, [0, 2, 'a'])
    expect([...verdicts.values()]).toEqual([
      { kind: 'duplicate', ofSettled: true, owner: { topic: 't', partition: 0, offset: 1 } },
    ])
  })
})
