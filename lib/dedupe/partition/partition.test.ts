import { DeleteItemCommand } from '@aws-sdk/client-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTable } from '../../table/index.js'
import { type TestDeployment, testDeployment } from '../../testing/index.js'
import { deliver, environment, type Spec } from '../dedupe.fixture.js'
import { append, groupsOf, type KeyGroup, readSegment, type Segment, segmentKey } from './segment.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

const keys = (from: number, count: number): Spec[] =>
  Array.from({ length: count }, (_, i): Spec => [0, from + i, `key ${from + i}`])
const all = (specs: readonly Spec[]) => specs.map(([partition, offset]) => `${partition}:${offset}`)

describe('the scope partition', () => {
  it('writes all new keys of a partition at once, by their bytes, and reads them once', async () => {
    const env = environment(deployment, 'partition')
    const { told, settle } = await deliver(env, ...keys(0, 500))
    expect(new Set(Object.values(told))).toEqual(new Set(['first']))
    await settle(...all(keys(0, 500)))
    // 15 bytes a key.
    expect(env.dedupe.usage).toMatchObject({ calls: 2, writeUnits: 7 })
    await deliver(env, ...keys(500, 40))
    expect(env.dedupe.usage).toMatchObject({ calls: 3, writeUnits: 8 })
  })

  it('knows what other environments have written since it read', async () => {
    const env = environment(deployment, 'partition')
    const [one, two] = [env.open(), env.open()]
    let offset = 0
    // Enough to fill several segments, by turns.
    for (let n = 0; n < 12; n++) {
      const batch = keys(offset, 20)
      const { told, settle } = await deliver(n % 2 === 0 ? one : two, ...batch, [
        0,
        offset + 20,
        `key ${Math.max(0, offset - 25)}`,
      ])
      const { [`0:${offset + 20}`]: repeat, ...others } = told
      expect([repeat, ...new Set(Object.values(others))]).toEqual([n === 0 ? 'same batch' : 'settled', 'first'])
      await settle(...Object.keys(told))
      offset += 21
    }
    const everything = Array.from({ length: 12 }, (_, n) => keys(n * 21, 20)).flat()
    const repeats = everything.map(([, at, key], i): Spec => [0, 1_000 + i, key ?? String(at)])
    for (const either of [one, two]) {
      expect(new Set(Object.values((await deliver(either, ...repeats)).told))).toEqual(new Set(['settled']))
      env.time.now += 10_000
    }
  })

  it('runs no record whose key another environment gave away after it was abandoned', async () => {
    const env = environment(deployment, 'partition')
    const [one, two] = [env.open(), env.open()]
    await (await deliver(one, [0, 0, 'a'])).settle()
    // Lambda goes on without record 0; what reaches beyond it reports it, and takes its key when it comes again.
    await (await deliver(two, [0, 5, 'b'])).settle('0:5')
    const taken = await deliver(two, [0, 6, 'a'])
    expect(taken.told).toEqual({ '0:6': 'first' })
    await taken.settle('0:6')
    // It comes after all, where its key is remembered as its own.
    expect((await deliver(one, [0, 0, 'a'])).told).toEqual({ '0:0': 'settled' })
  })

  it('forgets keys when their time is over, and goes on with the segments that are left', async () => {
    const env = environment(deployment, 'partition', { ttlSeconds: 60 })
    for (let n = 0; n < 3; n++) {
      const batch = keys(n * 50, 50)
      await (await deliver(env, ...batch)).settle(...all(batch))
      env.time.now += 29_000
    }
    const cold = env.open()
    const { told } = await deliver(cold, [0, 500, 'key 0'], [0, 501, 'key 49'], [0, 502, 'key 50'], [0, 503, 'key 149'])
    expect(told).toEqual({ '0:500': 'first', '0:501': 'first', '0:502': 'settled', '0:503': 'settled' })
    // Long after, everything may have been deleted, or nothing: it is read again, newest first.
    env.time.now += 7_200_000
    const calls = env.dedupe.usage.readUnits
    expect((await deliver(env, [0, 600, 'key 149'])).told).toEqual({ '0:600': 'first' })
    expect(env.dedupe.usage.readUnits - calls).toBeLessThan(3)
  })

  it('reads everything anew once DynamoDB may have deleted what is remembered', async () => {
    const env = environment(deployment, 'partition', { ttlSeconds: 60 })
    const [one, two] = [env.open(), env.open()]
    // The first segment is full.
    await (await deliver(one, ...keys(0, 60))).settle(...all(keys(0, 60)))
    env.time.now += 7_200_000
    const Key = { pk: { S: `${env.group}#t#0` }, sk: { S: segmentKey(0) } }
    await deployment.client.send(new DeleteItemCommand({ TableName: deployment.ledgerTable, Key }))
    await (await deliver(two, [0, 100, 'a'])).settle('0:100')
    expect((await deliver(one, [0, 101, 'a'])).told).toEqual({ '0:101': 'settled' })
  })

  it('lets a writer that was overtaken decide anew', async () => {
    const env = environment(deployment, 'partition')
    const [one, two] = [env.open(), env.open()]
    await (await deliver(one, [0, 0, 'a'])).settle('0:0')
    const stale = await deliver(one, [0, 1, 'b'])
    env.time.now += 10_000
    const successor = await deliver(two, [0, 1, 'b'], [0, 2, 'c'])
    expect(successor.told).toEqual({ '0:1': 'first', '0:2': 'first' })
    await successor.settle('0:1', '0:2')
    const [claim] = stale.claims
    const [record] = claim?.todo ?? []
    if (claim === undefined || record === undefined) throw new Error('no claim')
    const late = [{ topic: 't', partition: 0, state: claim.state, records: [{ record, key: 'c' }] }]
    // Its own, old state knows nothing of record 2, and its lease is over: it takes nothing from anybody.
    const verdicts = await one.dedupe.reserve(late, env.time.now)
    expect(verdicts.get(record)).toMatchObject({ kind: 'duplicate', ofSettled: false, owner: { offset: 2 } })
    expect((await deliver(two, [0, 3, 'b'])).told).toEqual({ '0:3': 'settled' })
  })

  it('refuses what it cannot read, with a code', async () => {
    const env = environment(deployment, 'partition')
    const table = openTable(deployment.client, deployment.ledgerTable)
    const key = { pk: `${env.group}#t#0`, sk: segmentKey(0) }
    const set = { v: { N: '1' }, f: { BOOL: false }, expires: { N: '9999999999' } }
    await table.write([{ key, set, when: 'absent' }])
    await expect(deliver(env, [0, 0, 'a'])).rejects.toThrow('ML_LEDGER_FORMAT')
    await table.write([{ key, set: { k: { B: Uint8Array.of(2) } }, when: set }])
    env.time.now += 10_000
    await expect(deliver(env.open(), [0, 0, 'a'])).rejects.toThrow('ML_LEDGER_FORMAT')
    expect(() => readSegment({ pk: { S: 'p' }, sk: { S: 'keys#x' } })).toThrow('ML_LEDGER_FORMAT')
  })

  it('keeps no first results', async () => {
    await expect(environment(deployment, 'partition').dedupe.keepResults([])).rejects.toThrow('ML_OPTION_INVALID')
  })
})

const group = fc.record({
  since: fc.nat(2 ** 45),
  keys: fc.uniqueArray(
    fc.record({
      id: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      offset: fc.maxSafeNat(),
      timestamp: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    }),
    { selector: ({ offset }) => offset, minLength: 1, maxLength: 60 },
  ),
})

describe('a segment', () => {
  it('gives back the keys that were put into it, and says when the next begins', () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 6 }), (groups) => {
        let last: Segment | undefined
        const read: KeyGroup[] = []
        for (const one of groups) {
          const next: Segment = append(last, one, one.since)
          if (last?.full ?? true) expect([next.number, next.version]).toEqual([(last?.number ?? -1) + 1, 1])
          else expect([next.number, next.version]).toEqual([last?.number, (last?.version ?? 0) + 1])
          expect(next.full).toBe(next.bytes.length >= 640)
          // It lives as long as the longest lived of its keys.
          expect(next.deleted).toBeGreaterThanOrEqual(one.since)
          read.push(...[...groupsOf(next)].slice(-1))
          last = next
        }
        const rising = ({ since, keys }: KeyGroup) => ({ since, keys: keys.toSorted((a, b) => a.offset - b.offset) })
        expect(read).toEqual(groups.map(rising))
      }),
    )
  })
})
