import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readBatch } from '../../event/index.js'
import { testDeployment } from '../deployment/index.js'
import { duplicateOf, eventOf, kafkaEvent, loadEvent, poison, readEvent, redactor, tombstone } from './index.js'

const text = (base64: string | null | undefined): string => Buffer.from(base64 ?? '', 'base64').toString()

it.each<[unknown, RegExp]>([
  [undefined, /the options of kafkaEvent are undefined; write kafkaEvent\(\{ topic: /],
  [{ topc: 'orders', records: [] }, /topc is no option of kafkaEvent; there are topic, records/],
  [{ records: [] }, /topic of kafkaEvent is undefined/],
  [{ topic: 'orders' }, /records of kafkaEvent is undefined, not a list/],
])('kafkaEvent(%o) is refused, with what to write', (spec, what) => {
  expect(() => kafkaEvent(spec as never)).toThrow(/ML_OPTION_INVALID/)
  expect(() => kafkaEvent(spec as never)).toThrow(what)
})

it.each<[unknown, RegExp]>([
  [undefined, /the options of testDeployment are undefined; write testDeployment\(\{ topic: /],
  [{ topics: ['orders'] }, /topics is no option of testDeployment; there are topic, group/],
  [{}, /topic of testDeployment is undefined/],
])('testDeployment(%o) is refused before anything is started', async (options, what) => {
  await expect(testDeployment(options as never)).rejects.toThrow(/ML_OPTION_INVALID/)
  await expect(testDeployment(options as never)).rejects.toThrow(what)
})

describe('an event in one line', () => {
  it('is of values, tombstones, poison and duplicates', () => {
    const order = { key: 'c1', value: { id: 1 }, offset: 7, timestamp: 5 }
    const { records } = kafkaEvent({ topic: 't', records: [order, duplicateOf(order), tombstone('c1'), poison()] })
    expect(records['t-0']?.map(({ offset, value }) => [offset, value === undefined ? undefined : text(value)])).toEqual(
      [
        [7, '{"id":1}'],
        [8, '{"id":1}'],
        [9, undefined],
        [10, expect.stringMatching(/^\{.*\uFFFD/)],
      ],
    )
    expect(eventOf('t', 1, 'a').records['t-0']).toHaveLength(2)
  })

  it('is of many records over partitions, which the reader takes [R-40]', () => {
    const event = loadEvent({ topic: 't', count: 300, partitions: 4, nullKeys: 0.5, duplicates: 0.1 })
    const { partitions } = readBatch(event)
    expect(partitions.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3])
    expect(partitions.reduce((sum, { records }) => sum + records.length, 0)).toBe(300)
  })

  it('is read from a file, and refused where it is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-events-'))
    const file = join(folder, 'event.json')
    writeFileSync(file, JSON.stringify(eventOf('t', 1)))
    expect(await readEvent(file)).toEqual(eventOf('t', 1))
    writeFileSync(file, '{"Records":[]}')
    await expect(readEvent(file)).rejects.toThrow(/^ML_FIXTURE_INVALID: .*event\.json: ML_EVENT_NOT_KAFKA/)
    await expect(readEvent(join(folder, 'none'))).rejects.toThrow(/^ML_FIXTURE_INVALID: .*ENOENT/)
    rmSync(folder, { recursive: true })
  })
})

describe('redaction', () => {
  function redacted(paths: readonly string[], ...records: Parameters<typeof kafkaEvent>[0]['records'][number][]) {
    const { redact, redactions } = redactor(paths)
    const event = kafkaEvent({ topic: 't', records })
    const before = structuredClone(event)
    const after = redact(event)
    expect(event).toEqual(before)
    return { records: Object.values(after.records).flat(), redactions }
  }
  const valueAfter = (paths: readonly string[], value: unknown) => text(redacted(paths, { value }).records[0]?.value)

  it.each<[string, unknown, unknown]>([
    [
      'value.card.number',
      { id: 1, card: { number: '4111', cvc: 123 } },
      { id: 1, card: { number: 'redacted', cvc: 123 } },
    ],
    ['value.n', { n: 5 }, { n: 0 }],
    ['value.n', { n: true }, { n: false }],
    ['value.n', { n: { deep: 'secret' } }, { n: {} }],
    ['value.n', { n: ['secret'] }, { n: [] }],
    ['value.n', { n: null }, { n: null }],
    ['value.items.price', { items: [{ price: 1 }, { price: 2 }, 3] }, { items: [{ price: 0 }, { price: 0 }, 3] }],
    ['value.items.1', { items: [1, 2] }, { items: [1, 0] }],
    [
      'value.*.name',
      { a: { name: 'x' }, b: { name: 'y', z: 1 } },
      { a: { name: 'redacted' }, b: { name: 'redacted', z: 1 } },
    ],
    ['value.a\\.b', { 'a.b': 'x', a: { b: 'y' } }, { 'a.b': 'redacted', a: { b: 'y' } }],
    // JSON within a text may hold what is meant.
    ['value.card.number', { card: '{"number":"4111"}' }, { card: 'redacted' }],
    ['value.missing', { id: 1 }, { id: 1 }],
    ['value', { id: 1 }, 'redacted'],
  ])('replaces %s by a value of its type', (path, value, expected) => {
    expect(valueAfter([path], value)).toBe(typeof expected === 'string' ? expected : JSON.stringify(expected))
  })

  it.each([
    ['is no JSON', 'number=4111'],
    ['is no UTF-8', Buffer.from([0x34, 0x31, 0x31, 0x31, 0xff])],
    ['is cut off', '{"number":"4111"'],
  ])('replaces a payload whole that %s', (_, value) => {
    const { records, redactions } = redacted(['value.number'], { value })
    expect([text(records[0]?.value), redactions.whole]).toEqual(['redacted', 1])
  })

  it('lets nothing through that JSON hides behind a repeated or odd name', () => {
    expect(valueAfter(['value.card'], '{"card":"4111","card":null}')).toBe('{"card":null}')
    expect(valueAfter(['value.__proto__.n'], '{"__proto__":{"n":"4111"}}')).toBe('{"__proto__":{"n":"redacted"}}')
  })

  it('keeps keys apart that were, and headers, tombstones and what no path names as they are', () => {
    const { records, redactions } = redacted(
      ['key', 'headers.Authorization', 'value.x'],
      {
        key: 'a',
        value: { x: 1 },
        headers: [
          ['authorization', 'secret'],
          ['trace', 'a1'],
          ['AUTHORIZATION', 'secret'],
        ],
      },
      { key: 'b', value: null },
      { key: 'a', value: { y: 'kept' }, partition: 1 },
      { value: { y: 1 } },
    )
    expect(records.map(({ key }) => (key === undefined ? undefined : text(key))).sort()).toEqual([
      'redacted-1',
      'redacted-1',
      'redacted-2',
      undefined,
    ])
    expect(JSON.stringify(records)).not.toContain(JSON.stringify([...Buffer.from('secret')]))
    expect(records[0]?.headers?.[1]).toEqual({ trace: [...Buffer.from('a1')] })
    expect(records.filter(({ value }) => value === undefined)).toHaveLength(1)
    expect(redactions).toEqual({ replaced: { key: 3, 'headers.Authorization': 2, 'value.x': 1 }, whole: 0 })
  })

  it.each(['values.x', '', 'value..x', 'value.', 'topic'])('refuses the path "%s"', (path) => {
    expect(() => redactor([path])).toThrow(/^ML_OPTION_INVALID: .*no path to redact/)
  })
})
