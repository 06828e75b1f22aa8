import { UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceError } from '../../errors.js'
import { type Ground, run, startGround } from './failures.fixture.js'
import { filterOf } from './filter.js'
import { commands } from './index.js'

let ground: Ground
const lastSeen = Date.parse('2026-01-31T12:00:00Z')
beforeAll(async () => {
  ground = await startGround()
  const error = new TypeError('bad cents')
  await ground.give('orders', [{ key: 'k', value: '{"cents":-1}', headers: [['h', null]], offset: 7 }], {
    error,
    lastSeen,
  })
  await ground.give('orders', [{ value: Buffer.alloc(800_000, 1), offset: 9, partition: 1 }], {
    lastSeen: lastSeen + 5,
  })
  await ground.give(
    'bills',
    [{ value: Buffer.from([0xff]), offset: 7 }],
    { stage: 'decode', rule: 'undecodable', error: new MillraceError('ML_DECODE_UTF8', 'no text') },
    'billing',
  )
  await ground.give('orders', [{ value: 'x', offset: 7 }], { reason: 'two\nlines' }, 'audit')
  await ground.abandon([{ topic: 'orders', partition: 0, offset: 30, timestamp: 5, attempts: 1, firstSeen: 1 }])
})
afterAll(() => ground.stop())

const all = ['bills:0:7 billing', 'orders:0:30 g', 'orders:0:7 audit', 'orders:0:7 g', 'orders:1:9 g']

describe('millrace failures list', () => {
  it('tells of every envelope once, without its bytes, and ends with 1 where there is one [P-07]', async () => {
    const { code, of } = await run(commands.list, { ...ground.options, json: true })
    const told = of('failure')
    expect(code).toBe(1)
    expect(told.map(({ id, group }) => `${id} ${group}`).sort()).toEqual(all)
    expect(told.find(({ id, group }) => id === 'orders:0:7' && group === 'g')).toEqual({
      ...{ event: 'failure', format: 1, id: 'orders:0:7', group: 'g', function: 'g-function', version: '7' },
      ...{ topic: 'orders', partition: 0, offset: 7, timestamp: expect.any(Number), timestampType: 'CREATE_TIME' },
      ...{ attempts: 5, firstSeen: 1, lastSeen, stage: 'process', rule: 'exhausted', reason: 'no' },
      error: { name: 'TypeError', message: 'bad cents', stack: expect.stringContaining('TypeError') },
    })
    expect(of('listed')).toMatchObject([{ count: 5, table: ground.table }])
  })

  it.each<[object, readonly string[]]>([
    [{ topic: 'bills' }, ['bills:0:7 billing']],
    [{ partition: 1 }, ['orders:1:9 g']],
    [{ offset: '7' }, ['bills:0:7 billing', 'orders:0:7 audit', 'orders:0:7 g']],
    [{ offset: '8-29' }, ['orders:1:9 g']],
    [{ offset: '8-', topic: 'orders' }, ['orders:0:30 g', 'orders:1:9 g']],
    [{ group: 'audit' }, ['orders:0:7 audit']],
    [{ function: 'billing-function' }, ['bills:0:7 billing']],
    [{ failedAt: 'decode' }, ['bills:0:7 billing']],
    [{ rule: 'abandoned' }, ['orders:0:30 g']],
    [{ error: 'TypeError' }, ['orders:0:7 g']],
    [{ error: 'ML_DECODE_UTF8' }, ['bills:0:7 billing']],
    [{ since: '1h' }, ['orders:0:30 g']],
    [{ since: '2026-01-31T12:00:00.005Z', until: '2026-02-01' }, ['orders:1:9 g']],
    [{ until: '2026-01-31T12:00:00Z', error: 'TypeError' }, ['orders:0:7 g']],
    [{ topic: 'none' }, []],
  ])('tells of those alone that are meant: %j', async (filter, expected) => {
    const { code, of } = await run(commands.list, { ...ground.options, ...filter, json: true })
    expect(
      of('failure')
        .map(({ id, group }) => `${id} ${group}`)
        .sort(),
    ).toEqual(expected)
    expect(code).toBe(expected.length > 0 ? 1 : 0)
  })

  it('takes a function by its name in serverless.yml, too', async () => {
    const functions = [{ name: 'orders', deployed: 'g-function' }]
    const { matches } = filterOf({ function: 'orders' }, [], 0, functions)
    const { of } = await run(commands.list, ground.options)
    const meant = of('failure').filter((about) => matches(String(about.id), about as never))
    expect(new Set(meant.map((about) => about.function))).toEqual(new Set(['g-function']))
    expect(meant).toHaveLength(3)
  })

  it('is a table for people, a line each', async () => {
    const { text } = await run(commands.list, { ...ground.options, topic: 'orders', offset: '7' })
    const [head, ...rows] = text.split('\n')
    expect(head).toMatch(/^ID {10}GROUP {2}FUNCTION {8}FAILED AT {2}RULE {7}ATTEMPTS {2}LAST FAILED {15}WHY$/)
    expect(rows.sort()).toEqual([
      '2 records given up on, in test-failures (test-failures)',
      expect.stringMatching(/^orders:0:7 {2}audit {2}audit-function {2}process +exhausted +5 +1970-\S+ +two lines$/),
      expect.stringMatching(
        /^orders:0:7 {2}g {6}g-function +process +exhausted +5 +2026-01-31T12:00:00.000Z +TypeError: no$/,
      ),
    ])
  })

  it('ends when it is told to, whatever is left of the table', async () => {
    const { code, of } = await run(commands.list, ground.options, AbortSignal.abort())
    expect([code, of('failure'), of('listed')]).toMatchObject([1, [], [{ count: 0, interrupted: true }]])
  })

  it.each([
    [{ since: 'yesterday' }, /--since yesterday is no time; give one as 2h/],
    [{ offset: '-3' }, /--offset -3 is no offset/],
    [{ stage: 'validate' }, /not both; --stage validate is a stage of deployment; .*--failed-at validate/],
  ])('refuses %j as a wrong use', async (filter, message) => {
    await expect(run(commands.list, { ...ground.options, ...filter })).rejects.toThrow(message)
    await expect(run(commands.list, { ...ground.options, ...filter })).rejects.toMatchObject({ code: 'ML_USAGE' })
  })
})

describe('millrace failures show', () => {
  it('tells all that is known, and of the bytes how many', async () => {
    const { code, of, text } = await run(commands.show, { ...ground.options, id: 'orders:0:7', group: 'g' })
    expect(code).toBe(0)
    expect(of('failure')).toMatchObject([{ id: 'orders:0:7', keyBytes: 1, valueBytes: 12, headers: 1 }])
    expect(JSON.stringify(of('failure'))).not.toContain(Buffer.from('{"cents":-1}').toString('base64'))
    expect(text).toMatch(/^id +orders:0:7\nfunction +g-function, version 7, group g\nproduced +.*\(CREATE_TIME\)\n/)
    expect(text).toMatch(/\nerror +TypeError: bad cents\n +at /)
    expect(text).toMatch(/\nkey +1 bytes\nvalue +12 bytes\nheaders +1\nsha256 +[\da-f]{64}, of these bytes$/)
  })

  it('shows values where they are asked for: text as it is, other bytes in hexadecimal digits', async () => {
    const asked = { ...ground.options, values: true }
    const shown = await run(commands.show, { ...asked, id: 'orders:0:7', group: 'g' })
    expect(shown.text).toMatch(/\nkey +k\nvalue +\{"cents":-1\}\nheaders +h: null\n/)
    expect(shown.of('failure')).toMatchObject([{ key: 'aw==', headers: [['h', null]] }])
    const binary = await run(commands.show, { ...asked, id: 'bills:0:7' })
    expect(binary.text).toMatch(/\nvalue +1 bytes, no text:\n +ff\n/)
  })

  it('and has a terminal obey nothing that a record had a say in, nor does the list', async () => {
    const red = '\x1b[31mred\x07'
    await ground.give('evil', [{ value: 'v', headers: [[red, red]] }], { reason: red, error: new TypeError(red) })
    const shown = await run(commands.show, { ...ground.options, id: 'evil:0:0', values: true })
    const listed = await run(commands.list, { ...ground.options, topic: 'evil' })
    expect(shown.text + listed.text).not.toMatch(/[^\P{Cc}\n]/u)
    expect(shown.text).toContain('\\x1b[31mred\\x07')
    expect(shown.of('failure')).toMatchObject([{ reason: red }])
    await run(commands.discard, { ...ground.options, ids: ['evil:0:0'], yes: true })
  })

  it('tells a function that gave up by itself from one that failed', async () => {
    await ground.give('meant', [{ value: 'v' }], { attempts: 1, rule: 'outcome' })
    const { text } = await run(commands.show, { ...ground.options, id: 'meant:0:0' })
    expect(text).toMatch(/\ngiven up +outcome, at stage process, in run 1\n/)
    await run(commands.discard, { ...ground.options, ids: ['meant:0:0'] })
  })

  it('joins a large record from its pieces [P-08 partly]', async () => {
    const { of } = await run(commands.show, { ...ground.options, id: 'orders:1:9', values: true })
    const [shown] = of('failure')
    expect(Buffer.from(String(shown?.value), 'base64').equals(Buffer.alloc(800_000, 1))).toBe(true)
  })

  it('asks which group is meant where several gave it up, and says of an abandoned one that there are no bytes', async () => {
    await expect(run(commands.show, { ...ground.options, id: 'orders:0:7' })).rejects.toThrow(
      /^ML_USAGE: orders:0:7 .*several groups \(audit, g\).*--group/,
    )
    const { text } = await run(commands.show, { ...ground.options, id: 'orders:0:30' })
    expect(text).toMatch(/\nbytes +none: they were not delivered; Kafka has them under the offset$/)
  })

  it('refuses what is no id, and says where there is no envelope', async () => {
    await expect(run(commands.show, { ...ground.options, id: 'orders' })).rejects.toMatchObject({ code: 'ML_USAGE' })
    const missing = run(commands.show, { ...ground.options, id: 'orders:0:8' })
    await expect(missing).rejects.toThrow(/^ML_ENVELOPE_MISSING: .* no envelope of orders:0:8/)
  })
})

describe('an envelope that was changed after it was written', () => {
  it('is told of, and refused to be shown; one that cannot be read is listed with why [P-08 partly]', async () => {
    await ground.give('mended', [
      { value: 'a', offset: 1 },
      { value: 'b', offset: 2 },
    ])
    const change = (offset: number, name: string, value: object) =>
      ground.client.send(
        new UpdateItemCommand({
          TableName: ground.table,
          Key: {
            pk: { S: 'g#mended#0' },
            sk: { S: `${String(offset).padStart(16, '0')}@${1_700_000_000_000 + offset}` },
          },
          UpdateExpression: 'SET #name = :value',
          ExpressionAttributeNames: { '#name': name },
          ExpressionAttributeValues: { ':value': value as never },
        }),
      )
    await change(1, 'value', { B: Buffer.from('c') })
    await change(2, 'stage', { S: 'nowhere' })
    const { code, of, text } = await run(commands.show, { ...ground.options, id: 'mended:0:1' })
    expect(code).toBe(1)
    expect(text).toMatch(/, after 5 failed runs\n[\s\S]*\nbytes +withheld: changed after it was written\n/)
    expect(of('failure')).toMatchObject([{ id: 'mended:0:1', rule: 'exhausted' }])
    expect(of('refused')).toMatchObject([{ id: 'mended:0:1', error: expect.stringMatching(/^ML_ENVELOPE_HASH/) }])
    const listed = await run(commands.list, { ...ground.options })
    expect(listed.of('failure').filter(({ unreadable }) => unreadable)).toEqual([
      { event: 'failure', id: 'mended:0:2', group: 'g', unreadable: expect.stringContaining('its stage is "nowhere"') },
    ])
  })
})
