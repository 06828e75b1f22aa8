import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.js'
import { dynamodbStore, itemKey } from '../../ledger/index.js'
import { emptyState } from '../../ledger/state.js'
import { abandonedEnvelope } from '../../sink/envelope/index.js'
import { noteLocalRun } from '../target/index.js'
import { type Ground, recordsOf, run, startGround } from './failures.fixture.js'
import { commands } from './index.js'
import { recordReader } from './source.js'

let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterEach(() => ground.clear())
afterAll(() => ground.stop())

let topics = 0
async function topic(partitions = 1): Promise<string> {
  const name = `redriven-${topics++}`
  await ground.createTopic(name, partitions)
  return name
}
const redrive = (options: object = {}) => run(commands.redrive, { ...ground.options, ids: [], yes: true, ...options })
const large = Buffer.alloc(700_000, 7)
const change = (name: string, offset: number, expression: string, values: object) =>
  ground.client.send(
    new UpdateItemCommand({
      TableName: ground.table,
      Key: { pk: { S: `g#${name}#0` }, sk: { S: `${String(offset).padStart(16, '0')}@${1_700_000_000_000 + offset}` } },
      UpdateExpression: expression,
      ExpressionAttributeNames: { '#value': 'value' },
      ExpressionAttributeValues: values as never,
    }),
  )
async function produced(name: string, values: readonly (string | null)[]): Promise<void> {
  const producer = ground.kafka.producer()
  await producer.connect()
  const messages = values.map((value, i) => ({
    value,
    key: `k${i}`,
    partition: 0,
    timestamp: '77',
    headers: { h: 'x' },
  }))
  await producer.send({ topic: name, messages })
  await producer.disconnect()
}
const abandoned = (name: string, offset: number, timestamp = 77) =>
  ground.abandon([{ topic: name, partition: 0, offset, timestamp, attempts: 1, firstSeen: 1 }])

describe('millrace failures redrive', () => {
  it('produces each record anew, its exact bytes and where it came from, and empties the table [R-44] [P-08]', async () => {
    const name = await topic(3)
    const specs = [
      {
        key: 'k',
        value: 'v',
        headers: [['h', 'x'] as const, ['n', null] as const],
        offset: 5,
        partition: 2,
        timestamp: 99,
      },
      { key: null, value: null, offset: 6, partition: 2 },
      { key: 'big', value: large, offset: 7, partition: 1 },
    ]
    await ground.give(name, specs)
    const { code, of } = await redrive()
    expect(code).toBe(0)
    expect(of('redriven')).toMatchObject([{ redriven: 3, finished: 0, skipped: 0, refused: 0, left: 0, dryRun: false }])
    const from = (partition: string, offset: string) => ({
      ...{ 'x-original-topic': name, 'x-original-partition': partition, 'x-original-offset': offset },
      ...{ 'x-original-timestamp': expect.any(String), 'x-original-group': 'g' },
    })
    const records = await recordsOf(ground, name)
    expect(records[0]?.value?.equals(large)).toBe(true)
    expect(records.map(({ value: _, ...rest }) => rest)).toEqual([
      { partition: 1, offset: 0, key: 'big', headers: from('1', '7') },
      {
        partition: 2,
        offset: 0,
        key: 'k',
        headers: { h: 'x', n: null, ...from('2', '5'), 'x-original-timestamp': '99' },
      },
      { partition: 2, offset: 1, key: null, headers: from('2', '6') },
    ])
    expect(records.slice(1).map(({ value }) => value)).toEqual([Buffer.from('v'), null])
    expect(await ground.left()).toEqual([])
  })

  it('never changes what lies in the source [R-44]', async () => {
    const name = await topic()
    await produced(name, ['a', 'b'])
    const before = await recordsOf(ground, name)
    await ground.give(name, [{ value: 'a', offset: 0 }])
    await redrive()
    expect((await recordsOf(ground, name)).slice(0, 2)).toEqual(before)
  })

  it('names the place of each time where a record is redriven that was redriven before, the last one last', async () => {
    const name = await topic()
    const headers = [
      ['x-original-offset', '1'] as const,
      ['x-original-group', 'g'] as const,
      ['x-original-idea', 'mine'] as const,
    ]
    await ground.give(name, [{ value: 'v', offset: 40, headers }])
    await redrive()
    const [record] = await recordsOf(ground, name)
    expect(record?.headers).toMatchObject({
      'x-original-offset': '1,40',
      'x-original-group': 'g,g',
      'x-original-idea': 'mine',
    })
  })

  it('goes to another topic where that is asked for, by key', async () => {
    const [name, other] = [await topic(3), await topic()]
    await ground.give(name, [{ key: 'k', value: 'v', offset: 3, partition: 2 }])
    expect((await redrive({ to: other })).code).toBe(0)
    expect(await recordsOf(ground, name)).toEqual([])
    const [record] = await recordsOf(ground, other)
    expect(record?.headers).toMatchObject({
      'x-original-topic': name,
      'x-original-partition': '2',
      'x-original-offset': '3',
    })
  })

  it('redrives those that are meant, by filter or by id', async () => {
    const name = await topic()
    await ground.give(
      name,
      [1, 2, 3].map((offset) => ({ value: String(offset), offset })),
    )
    await redrive({ ids: [`${name}:0:2`], yes: false })
    await redrive({ offset: '3-', yes: false })
    expect((await recordsOf(ground, name)).map(({ value }) => String(value))).toEqual(['2', '3'])
    expect(await ground.left()).toEqual(['0000000000000001'])
    await expect(redrive({ ids: [`${name}:0:9`] })).rejects.toThrow(/^ML_ENVELOPE_MISSING/)
  })

  it('asks before it redrives all, and where nobody can be asked wants --yes', async () => {
    const name = await topic()
    await ground.give(name, [{ value: 'v' }])
    await expect(redrive({ yes: false })).rejects.toThrow(/^ML_USAGE: Redrive all 1 record of test-failures\? .*--yes/)
    expect([await recordsOf(ground, name), (await ground.left()).length]).toEqual([[], 1])
  })

  it('in a dry run looks at all of it and changes nothing', async () => {
    const name = await topic()
    await produced(name, ['there'])
    await ground.give(name, [
      { value: 'v', offset: 8 },
      { value: large, offset: 9 },
    ])
    await abandoned(name, 0)
    await abandoned(name, 70)
    const before = await ground.left()
    const { code, of } = await redrive({ dryRun: true, yes: false })
    expect(code).toBe(1)
    expect(
      of('would')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([`${name}:0:0`, `${name}:0:8`, `${name}:0:9`])
    expect(of('refused')).toMatchObject([
      { id: `${name}:0:70`, error: expect.stringMatching(/^ML_OFFSET_OUT_OF_RANGE/) },
    ])
    expect([(await recordsOf(ground, name)).length, await ground.left()]).toEqual([1, before])
    expect((await redrive({ ids: [`${name}:0:8`] })).code).toBe(0)
  })

  it('refuses an envelope whose hash does not match, keeps it, and goes on with the others [P-08]', async () => {
    const name = await topic()
    await ground.give(name, [
      { value: 'a', offset: 1 },
      { value: 'b', offset: 2 },
      { value: 'c', offset: 3 },
    ])
    await change(name, 2, 'SET #value = :v', { ':v': { B: Buffer.from('x') } })
    const before = await ground.left()
    const { code, of } = await redrive()
    expect([code, before.length]).toEqual([1, 3])
    expect(of('refused')).toMatchObject([{ id: `${name}:0:2`, error: expect.stringMatching(/^ML_ENVELOPE_HASH/) }])
    expect(of('redriven')).toMatchObject([{ redriven: 2, refused: 1 }])
    expect((await recordsOf(ground, name)).map(({ value }) => String(value))).toEqual(['a', 'c'])
    expect(await ground.left()).toEqual(['0000000000000002'])
  })

  it('refuses what another command has in hand, and takes it when that one is gone for long', async () => {
    const name = await topic()
    await ground.give(name, [{ value: 'v', offset: 1 }])
    const inHand = (until: number) =>
      change(name, 1, 'SET redriver = :o, redriverUntil = :u, #value = #value', {
        ':o': { S: 'other' },
        ':u': { N: String(until) },
      })
    await inHand(Date.now() + 60_000)
    const refused = await redrive()
    expect(refused.code).toBe(1)
    expect(refused.of('refused')).toMatchObject([
      { error: expect.stringMatching(/^ML_ENVELOPE_IN_HAND: another command/) },
    ])
    expect(await recordsOf(ground, name)).toEqual([])
    await inHand(Date.now() - 1)
    expect((await redrive()).code).toBe(0)
    expect([(await recordsOf(ground, name)).length, await ground.left()]).toEqual([1, []])
  })

  it('with nothing to redrive, or told to stop while it looks, asks no Kafka', async () => {
    const options = { ...ground.options, ids: [], yes: true, brokers: '127.0.0.1:1' }
    expect((await run(commands.redrive, options)).code).toBe(0)
    await ground.give('orders', [{ value: 'v' }])
    const { code, of } = await run(commands.redrive, options, AbortSignal.abort())
    expect([code, of('redriven')]).toMatchObject([1, [{ redriven: 0, more: true, interrupted: true }]])
  })

  it('refuses what every group would drop, as its function has another now, unless that is named [R-44 partly]', async () => {
    const [name, home] = [await topic(), process.cwd()]
    const { endpoint: dynamodbUrl, brokers, failuresTable } = ground.options
    const dir = mkdtempSync(join(tmpdir(), 'millrace-'))
    const functions = [{ name: 'orders', deployed: 'd', topic: name, group: 'anew', brokers: [brokers] }]
    const takeAway = noteLocalRun(dir, {
      ...{ pid: process.pid, brokers: [brokers], dynamodbUrl, functions },
      ...{ ledgerTable: ground.ledgerTable, failuresTable },
    })
    process.chdir(dir)
    try {
      await ground.give(name, [{ value: 'v', offset: 1 }])
      const here = (more: object) => run(commands.redrive, { ids: [], yes: true, ...more })
      const { code, of } = await here({})
      expect([code, of('refused')]).toMatchObject([
        1,
        [{ error: expect.stringMatching(/^ML_REDRIVE_UNREAD: .* the group g, .* --for \(anew\)/) }],
      ])
      expect((await here({ for: 'mistyped' })).code).toBe(1)
      expect([await recordsOf(ground, name), (await ground.left()).length]).toEqual([[], 1])
      expect((await here({ for: 'anew' })).code).toBe(0)
      const [record] = await recordsOf(ground, name)
      expect(record?.headers).toMatchObject({ 'x-original-group': 'anew', 'x-original-offset': '1' })
    } finally {
      process.chdir(home)
      takeAway?.()
      rmSync(dir, { recursive: true })
    }
  })

  it('refuses what was given up in a replay, whose group is gone, and keeps it [R-44 partly]', async () => {
    const name = await topic()
    await ground.give(name, [{ value: 'v', offset: 1 }], {}, 'millrace-replay-1')
    const { code, of } = await redrive()
    expect([code, of('refused')]).toMatchObject([
      1,
      [{ group: 'millrace-replay-1', error: expect.stringMatching(/^ML_REDRIVE_UNREAD: .*replay.*--for/) }],
    ])
    expect([await recordsOf(ground, name), (await ground.left()).length]).toEqual([[], 1])
    expect((await redrive({ for: 'g' })).code).toBe(0)
  })

  it('names the topic that is not there', async () => {
    await ground.give('nowhere', [{ value: 'v' }])
    const { code, of } = await redrive()
    expect([code, of('refused')]).toMatchObject([
      1,
      [{ error: expect.stringMatching(/^ML_LOCAL_TOPIC_MISSING: .*nowhere/) }],
    ])
    expect(await ground.left()).toHaveLength(1)
  })
})

describe('what Lambda went on without', () => {
  it('is read from Kafka by its offset, and redriven', async () => {
    const name = await topic()
    await produced(name, ['a', null, 'c', 'd'])
    for (const offset of [3, 1]) await abandoned(name, offset)
    const { code, of } = await redrive()
    expect([code, of('redriven')]).toMatchObject([0, [{ redriven: 2 }]])
    const again = (await recordsOf(ground, name)).slice(4)
    expect(again.map(({ key, value }) => [key, value && String(value)])).toEqual([
      ['k1', null],
      ['k3', 'd'],
    ])
    expect(again[0]?.headers).toMatchObject({ h: 'x', 'x-original-offset': '1', 'x-original-timestamp': '77' })
    expect(await ground.left()).toEqual([])
  })

  it('is skipped where the ledger has it as settled meanwhile, and refused where it is being tried', async () => {
    const name = await topic()
    await produced(name, ['a', 'b', 'c'])
    for (const offset of [0, 1, 2]) await abandoned(name, offset)
    const tried = { offset: 2, timestamp: 77, attempts: 1, deaths: 0, convicted: false, givenUp: false }
    const open = [{ ...tried, notBefore: 0, holds: 0, firstSeen: 1 }]
    const state = { ...emptyState, settled: [{ from: 1, to: 1, anchors: [] }], open, left: 2, delivered: 2 }
    const swap = { key: itemKey('g', name, 0), known: 0, item: { version: 1, writeId: 'w', state } }
    await dynamodbStore(ground.client, ground.ledgerTable).swap([swap])
    const { code, of } = await redrive({ ledgerTable: ground.ledgerTable })
    expect([code, of('redriven')]).toMatchObject([1, [{ redriven: 1, skipped: 1, refused: 1 }]])
    expect(of('refused')).toMatchObject([
      { id: `${name}:0:2`, error: expect.stringMatching(/being tried; run it again/) },
    ])
    expect(of('skipped')).toEqual([
      { event: 'skipped', id: `${name}:0:1`, group: 'g', reason: expect.stringContaining('settled') },
    ])
    expect(await ground.left()).toEqual(['0000000000000001', '0000000000000002'])
  })

  it('stays where Kafka is only slow: nobody is told to discard what it still has', async () => {
    const name = await topic()
    await produced(name, ['a'])
    const record = { topic: name, partition: 0, offset: 0, timestamp: 77, attempts: 1, firstSeen: 1 }
    const envelope = abandonedEnvelope(record, { group: 'g', functionName: 'f' }, 1)
    const hasty = { ...systemClock, sleep: async () => undefined }
    const found = (await recordReader(ground.kafka, hasty)([envelope])).get(envelope)
    expect(found).toMatchObject({ code: 'ML_KAFKA_UNREACHABLE', message: expect.stringMatching(/run it again$/) })
  })

  it('is refused by name where Kafka has it no more, or another record in its place', async () => {
    const name = await topic()
    await produced(name, ['a', 'b'])
    const admin = ground.kafka.admin()
    await admin.connect()
    // Which kafkajs deletes in only when it has looked at the topic before.
    await admin.fetchTopicOffsets(name)
    await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '1' }] })
    await admin.disconnect()
    await abandoned(name, 0)
    await abandoned(name, 1, 5)
    await abandoned('never-there', 0)
    const { code, of } = await redrive()
    expect(code).toBe(1)
    expect(
      of('refused')
        .map(({ error }) => String(error))
        .sort(),
    ).toEqual([
      expect.stringMatching(/^ML_OFFSET_OUT_OF_RANGE: .*never-there:0:0 .*no such partition/),
      expect.stringMatching(/^ML_OFFSET_OUT_OF_RANGE: OffsetOutOfRange: .*:0:0 .*Kafka keeps 1 to before 2/),
      expect.stringMatching(/^ML_OFFSET_OUT_OF_RANGE: .*:0:1 .*the topic was made anew/),
    ])
    expect(await ground.left()).toHaveLength(3)
  })
})
