import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBatch } from '../event/index.js'
import { type Broker, startBroker } from '../local/broker/index.js'
import { packagedService } from '../local/template/service.fixture.js'
import { readEvent } from '../testing/events/index.js'
import { type OutgoingRecord, produce } from '../testing/load/index.js'
import { millrace, type Running } from './cli.fixture.js'

const packageFile = fileURLToPath(new URL('../../package.json', import.meta.url))

/** Ten records in each of two partitions, a batch of four at most. */
describe('millrace record', () => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-record-'))
  const service = packagedService({ mapping: { BatchSize: 4, MaximumBatchingWindowInSeconds: 0 } })
  let broker: Broker
  let outs = 0

  beforeAll(async () => {
    broker = await startBroker()
    const records = Array.from(
      { length: 20 },
      (_, n): OutgoingRecord => ({
        key: Buffer.from(`customer-${n % 3}`),
        value: n === 7 ? Buffer.from('card 4111') : Buffer.from(JSON.stringify({ n, card: { number: `4111-${n}` } })),
        headers: [['authorization', Buffer.from('Bearer 4111')]],
        partition: n % 2,
        timestamp: 1_700_000_000_000 + n * 1_000,
      }),
    )
    await produce(records, { brokers: [broker.address], topic: 'greetings', partitions: 2 })
  })
  afterAll(async () => {
    await broker.stop()
    service.remove()
    rmSync(home, { recursive: true })
  })

  const run = (...args: string[]): Running =>
    millrace(['record', ...args], service.dir, { KAFKA_BROKERS: broker.address })

  /** Records to the end, and gives what is in the files, by partition and offset. */
  async function recorded(...args: string[]) {
    const out = join(home, String(outs++))
    const running = run('greet', '--out', out, '--json', ...args)
    expect(await running.ended, running.output.stderr).toBe(0)
    const files = readdirSync(out).map((name) => join(out, name))
    const events = await Promise.all(files.map(readEvent))
    const records = events.flatMap((event) => readBatch(event).partitions.flatMap((one) => one.records))
    return { files, events, records, said: await running.line<Record<string, unknown>>('done') }
  }
  const places = (records: readonly { readonly partition: number; readonly offset: number }[]) =>
    records.map(({ partition, offset }) => `${partition}:${offset}`).sort()
  const allOf = (partition: number, from = 0) => Array.from({ length: 10 - from }, (_, i) => `${partition}:${i + from}`)

  it('saves the batches that the mapping would deliver, a file each, and ends where the topic does', async () => {
    const { events, records, files, said } = await recorded()
    expect(places(records)).toEqual([...allOf(0), ...allOf(1)])
    expect(events.every(({ records }) => Object.values(records).flat().length <= 4)).toBe(true)
    expect(files.every((file) => /greetings-\d-\d+\.json$/.test(file))).toBe(true)
    expect(said).toMatchObject({ events: files.length, whole: 0 })
  })

  it('leaves nobody’s offsets changed, and no group behind', async () => {
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.setOffsets({ groupId: 'greeters', topic: 'greetings', partitions: [{ partition: 0, offset: '3' }] })
    const { records } = await recorded()
    expect(records).toHaveLength(20)
    const [offsets] = await admin.fetchOffsets({ groupId: 'greeters', topics: ['greetings'] })
    expect(offsets?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('3')
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContainEqual(
      expect.stringContaining('record'),
    )
    await admin.disconnect()
  })

  it.each([
    ['earliest', [...allOf(0), ...allOf(1)]],
    ['2023-11-14T22:13:30Z', [...allOf(0, 5), ...allOf(1, 5)]],
    ['1:8', ['1:8', '1:9']],
    ['0:9,1:9', ['0:9', '1:9']],
  ])('starts at %s [R-13]', async (from, expected) => {
    expect(places((await recorded('--from', from)).records)).toEqual(expected)
  })

  it('ends after as many events as were asked for', async () => {
    expect((await recorded('--count', '2')).events).toHaveLength(2)
  })

  it('takes out what lies at the paths, also of what it cannot read, and says so', async () => {
    const paths = ['value.card.number', 'key', 'headers.authorization'].flatMap((path) => ['--redact', path])
    const { events, records, said } = await recorded(...paths)
    const wire = events.flatMap((event) => Object.values(event.records).flat())
    const told = wire.flatMap(({ key, value, headers = [] }) => [
      ...[key, value].map((base64) => Buffer.from(base64 ?? '', 'base64').toString()),
      ...headers.flatMap((header) => Object.values(header).map((bytes) => Buffer.from(bytes ?? []).toString())),
    ])
    expect(told).toHaveLength(60)
    expect(told.filter((text) => /4111|customer/.test(text))).toEqual([])
    expect(new Set(records.map(({ key }) => String(key))).size).toBe(3)
    expect(said).toMatchObject({
      replaced: { 'value.card.number': 19, key: 20, 'headers.authorization': 20 },
      whole: 1,
    })
  })

  it('from the latest on, goes on until Ctrl-C', async () => {
    const out = join(home, 'live')
    const running = run('greet', '--out', out, '--json', '--from', 'latest')
    await running.line('log')
    await produce([{ value: Buffer.from('{"n":20}'), partition: 0 }], { brokers: [broker.address], topic: 'greetings' })
    await running.line('recorded')
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(readdirSync(out)).toEqual(['greetings-0-10.json'])
  })

  it('overwrites nothing', async () => {
    const out = join(home, 'twice')
    expect(await run('greet', '--out', out, '--from', '0:9').ended).toBe(0)
    const again = run('greet', '--out', out, '--from', '0:9')
    expect(await again.ended).toBe(1)
    expect(again.output.stderr).toMatch(
      /^ML_FIXTURE_INVALID: .*greetings-0-9\.json is not written: it is there already/,
    )
  })

  it.each(['/proc/nothing/here', join(packageFile, 'here')])('says that nothing can be written to %s', async (out) => {
    const running = run('greet', '--out', out)
    expect(await running.ended).toBe(1)
    expect(running.output.stderr).toMatch(/^ML_FIXTURE_INVALID: --out \S+ is no folder for events: /)
  })

  it('says once that no Kafka answers, and nothing else', async () => {
    const running = run('greet', '--out', join(home, 'none'), '--brokers', '127.0.0.1:9')
    expect(await running.ended).toBe(1)
    expect(running.output.stderr).toMatch(/^ML_LOCAL_KAFKA_UNREACHABLE: [^\n]*\n$/)
    expect(running.output.stdout).toBe('')
  })

  it.each<[string[], RegExp]>([
    [['nobody', '--out', 'x'], /^ML_USAGE: nobody names no mapping; give one of \w+ \(greetings\)/],
    [['greet'], /^ML_USAGE: required option '--out <dir>'/],
    [['greet', '--out', 'x', '--from', 'then'], /^ML_USAGE: .*earliest, latest, a time/],
    [['greet', '--out', 'x', '--redact', 'card'], /^ML_OPTION_INVALID: "card" is no path to redact/],
  ])('refuses %j', async (args, message) => {
    const running = run(...args)
    expect(await running.ended).toBe(2)
    expect(running.output.stderr).toMatch(message)
  })
})
