import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../local/broker/index.js'
import type { OutgoingRecord } from '../testing/load/index.js'
import { millrace, type Running } from './cli.fixture.js'
import { recordsOfLines } from './produce-lines.js'

const home = mkdtempSync(join(tmpdir(), 'millrace-produce-'))
let broker: Broker
let files = 0
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(async () => {
  await broker.stop()
  rmSync(home, { recursive: true })
})
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

function fileOf(...lines: string[]): string {
  const file = join(home, `${files++}.jsonl`)
  writeFileSync(file, lines.join('\n'))
  return file
}

function run(...args: string[]): Running {
  const running = millrace(['produce', ...args], home, { KAFKA_BROKERS: broker.address })
  cleanups.push(async () => {
    running.child.kill('SIGKILL')
    await running.ended
  })
  return running
}

/** Runs to the end and gives what it says, with `--json`. */
async function produced(...args: string[]) {
  const running = run(...args, '--json')
  expect(await running.ended, running.output.stderr).toBe(0)
  return running.line<{ records: number; partitions: { partition: number; records: number }[]; seed: number }>(
    'produced',
  )
}

async function valuesOf(topic: string, count: number): Promise<string[]> {
  const consumer = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).consumer({
    groupId: `of-${topic}`,
    maxWaitTimeInMs: 50,
  })
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
  await expect.poll(() => values.length, { timeout: 10_000 }).toBe(count)
  await consumer.disconnect()
  return values
}

describe('a file of records', () => {
  async function read(lines: readonly string[], plain = false): Promise<OutgoingRecord[]> {
    const records: OutgoingRecord[] = []
    for await (const record of recordsOfLines({ file: fileOf(...lines), plain })) records.push(record)
    return records
  }

  it('says of each its key, value, headers, place and time; text as it is, anything else as JSON', async () => {
    const records = await read([
      '{"key":"c1","value":{"n":1},"headers":[["a","1"],["a",{"base64":"/w=="}]],"partition":2,"timestamp":5}',
      '',
      '{"value":"plain"}',
      '{"value_base64":"/wA=","key_base64":""}',
      '{"value":null}',
      '{"value":[1]}',
    ])
    expect(records).toEqual([
      {
        key: Buffer.from('c1'),
        value: Buffer.from('{"n":1}'),
        headers: [
          ['a', Buffer.from('1')],
          ['a', Buffer.from([255])],
        ],
        partition: 2,
        timestamp: 5,
      },
      { key: null, value: Buffer.from('plain'), headers: [] },
      { key: Buffer.alloc(0), value: Buffer.from([255, 0]), headers: [] },
      { key: null, value: null, headers: [] },
      { key: null, value: Buffer.from('[1]'), headers: [] },
    ])
  })

  it('may be values alone, line by line, whatever they look like', async () => {
    expect((await read(['{"value":1}', '', 'x'], true)).map(({ value }) => String(value))).toEqual([
      '{"value":1}',
      '',
      'x',
    ])
  })

  it.each([
    ['{"value":', /line 2 of .*\.jsonl: .*JSON/],
    ['[]', /line 2 .*\[\] is no object/],
    ['{"key":"c"}', /has no value; a tombstone has "value": null/],
    ['{"value":1,"offset":3}', /no field "offset", only key, /],
    ['{"value":1,"value_base64":""}', /both value and value_base64/],
    ['{"value_base64":"a b"}', /value_base64 is "a b", which is no base64/],
    ['{"value":1,"headers":{"a":"1"}}', /headers are .* not a list/],
    ['{"value":1,"headers":[["a",null]]}', /a header is \["a",null\], not \[name, text\]/],
    ['{"value":1,"partition":-1}', /partition is -1/],
    ['{"value":1,"timestamp":"now"}', /timestamp is "now"/],
  ])('is refused with the line where it is wrong: %s', async (line, message) => {
    await expect(read(['{"value":1}', line])).rejects.toThrow(message)
    await expect(read(['{"value":1}', line])).rejects.toThrow(/^ML_FIXTURE_INVALID/)
  })

  it('is refused where it is not there', async () => {
    const reading = recordsOfLines({ file: join(home, 'none'), plain: false }).next()
    await expect(reading).rejects.toThrow(/^ML_FIXTURE_INVALID: .*none: ENOENT/)
  })
})

describe('millrace produce', () => {
  it('sends the records of a file and says where they are', async () => {
    const file = fileOf('{"key":"c1","value":{"n":1},"partition":1}', '{"value":"x","partition":1}')
    expect(await produced('filed', '--file', file, '--partitions', '2')).toMatchObject({
      topic: 'filed',
      records: 2,
      interrupted: false,
      partitions: [{ partition: 1, records: 2, first: 0, last: 1 }],
    })
    expect(await valuesOf('filed', 2)).toEqual(['{"n":1}', 'x'])
  })

  it('generates what is asked for, the same again from the seed that it prints [R-40]', async () => {
    const shape = [
      '--count',
      '200',
      '--bad',
      '1/100',
      '--duplicates',
      '0.02',
      '--null-keys',
      '0.1',
      '--partitions',
      '2',
    ]
    const first = await produced('generated', ...shape, '--value', '{"orderId":"{id}","seq":"{n}","of":["{key}"]}')
    expect(first).toMatchObject({ records: 200, kinds: { good: 194, bad: 2, duplicate: 4 } })
    const again = await produced(
      'again',
      ...shape,
      '--seed',
      String(first.seed),
      '--value',
      '{"orderId":"{id}","seq":"{n}","of":["{key}"]}',
    )
    expect(again.partitions).toEqual(first.partitions)
    const values = await valuesOf('generated', 200)
    expect((await valuesOf('again', 200)).sort()).toEqual(values.sort())
    const order = values.find((value) => value.includes('"seq":3,'))
    expect(order).toMatch(/^\{"orderId":"\d+-3","seq":3,"of":\["key-\d+"\]\}$/)
  })

  it('says for people what went where', async () => {
    const running = run('said', '--count', '4', '--null-keys', '1', '--partitions', '2', '--seed', '9')
    expect(await running.ended).toBe(0)
    expect(running.output.stdout).toMatch(
      /^producing to said, seed 9\n4 records to said in [\d.]+ s\n {2}partition 0: 2 records, offsets 0 to 1\n {2}partition 1: /,
    )
  })

  it('without a count goes on at its rate until Ctrl-C, flushes, and tells what was sent', async () => {
    const running = run('endless', '--rate', '500', '--partitions', '1', '--json')
    await running.line('producing')
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const end = async () => Number((await admin.fetchTopicOffsets('endless'))[0]?.high)
    await expect.poll(() => end().catch(() => 0), { timeout: 10_000 }).toBeGreaterThan(50)
    running.ctrlC()
    expect(await running.ended).toBe(0)
    const told = await running.line<{ records: number }>('produced')
    expect(told).toMatchObject({ interrupted: true, records: await end() })
    await admin.disconnect()
  })

  it('tells of a missing topic with the command that creates it', async () => {
    const missing = run('later', '--count', '1', '--seed', '1')
    expect(await missing.ended).toBe(1)
    const [, args = ''] = /`npx millrace produce (.+?)`/.exec(missing.output.stderr) ?? []
    expect(await run(...args.split(' ')).ended).toBe(0)
    const there = run('later', '--count', '1', '--seed', '1')
    expect(await there.ended).toBe(0)
    expect(there.output.stdout).toMatch(/^1 record to later .*\n {2}partition \d: 1 record, /m)
  })

  it('makes a topic without a record for what is only written to', async () => {
    expect((await produced('invoices', '--count', '0', '--partitions', '3')).records).toBe(0)
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    expect(await admin.fetchTopicOffsets('invoices')).toHaveLength(3)
    await admin.disconnect()
  })

  it.each<[string[], RegExp, number]>([
    [['none', '--count', '1'], /^ML_LOCAL_TOPIC_MISSING: there is no topic none .*--partitions/, 1],
    [['t', '--count', '1', '--brokers', '127.0.0.1:9'], /^ML_LOCAL_KAFKA_UNREACHABLE/, 1],
    [['t', '--bad', '2'], /^ML_USAGE: .*fraction from 0 to 1/, 2],
    [['t', '--file', 'x', '--count', '1'], /^ML_USAGE: --count is for generated records/, 2],
    [['t', '--lines'], /^ML_USAGE: --lines is for/, 2],
    [['t', '--value', '{'], /^ML_USAGE: --value \{ is no JSON/, 2],
    [[], /^ML_USAGE: missing required argument 'topic'.*`millrace produce --help`/, 2],
  ])('refuses %j', async (args, message, code) => {
    const running = run(...args)
    expect(await running.ended).toBe(code)
    expect(running.output.stderr).toMatch(message)
  })
})
