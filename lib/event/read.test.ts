import { isAscii } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kafkaEvent } from '../testing/events/index.js'
import { readBatch } from './read.js'
import type { KafkaEvent } from './wire.js'

const codeOf = (event: unknown): string => {
  try {
    readBatch(event)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'read'
}

const isBase64 = (text: string) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

describe('readBatch', () => {
  it('reads Amazon MSK and self-managed events alike', () => {
    const spec = {
      topic: 'orders',
      records: [
        { key: 'k', value: 'v' },
        { partition: 1, value: 'w' },
      ],
    }
    for (const event of [kafkaEvent(spec), kafkaEvent({ ...spec, eventSourceArn: 'arn:aws:kafka:r:1:cluster/c/u' })]) {
      const batch = readBatch(event)
      expect(batch.topic).toBe('orders')
      expect(batch.partitions.map(({ identifier, records }) => [identifier, records.length])).toEqual([
        ['orders-0', 1],
        ['orders-1', 1],
      ])
    }
  })

  it('tells null, empty and present bytes apart, for key and value [R-12, R-45]', () => {
    const event = kafkaEvent({ topic: 't', records: [{ key: null }, { key: '', value: '' }, { key: 'k', value: 'v' }] })
    const records = readBatch(event).partitions[0]?.records ?? []
    expect(records.map(({ key }) => key?.toString())).toEqual([undefined, '', 'k'])
    expect(records.map(({ value }) => value)).toEqual([null, Buffer.alloc(0), Buffer.from('v')])
  })

  it('takes null for what Lambda leaves out', () => {
    const event = kafkaEvent({ topic: 't', records: [{}] })
    Object.assign(event.records['t-0']?.[0] ?? {}, { key: null, value: null })
    const record = readBatch(event).partitions[0]?.records[0]
    expect([record?.key, record?.value]).toEqual([null, null])
  })

  it('reads signed header bytes as unsigned, keeps the order of repeated headers, and lives without any (PEERS, defect 2)', () => {
    const event = kafkaEvent({
      topic: 't',
      records: [
        {
          headers: [
            ['a', 'ë'],
            ['b', null],
            ['a', Buffer.from([0, 255])],
          ],
        },
        {},
      ],
    })
    expect(event.records['t-0']?.[0]?.headers?.[0]).toEqual({ a: [-61, -85] })
    delete event.records['t-0']?.[1]?.headers
    const [first, second] = readBatch(event).partitions[0]?.records ?? []
    expect(first?.headers.map(({ key, value }) => [key, value?.toString('hex') ?? null])).toEqual([
      ['a', 'c3ab'],
      ['b', null],
      ['a', '00ff'],
    ])
    expect(second?.headers).toEqual([])
  })

  it('decodes bytes when asked for, once', () => {
    const record = readBatch(kafkaEvent({ topic: 't', records: [{ value: 'v', headers: [['h', 'x']] }] })).partitions[0]
      ?.records[0]
    expect(record?.value).toBe(record?.value)
    expect(record?.headers).toBe(record?.headers)
  })

  it('reads ASCII without making its bytes, exactly as they say, and leaves all else to them', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\0', '~\x7f', 'ü', 'Y', '==='),
    )
    const wire = fc.oneof(
      texts.map((text) => Buffer.from(text).toString('base64')),
      texts.map((text) => Buffer.from(text, 'latin1').toString('base64url')),
      texts,
    )
    fc.assert(
      fc.property(wire, (value) => {
        const event = kafkaEvent({ topic: 't', records: [{}] })
        Object.assign(event.records['t-0']?.[0] ?? {}, { value })
        const record = readBatch(event).partitions[0]?.records[0]
        const text = record?.asciiText('value')
        if (typeof text === 'string') expect(record?.value?.toString()).toBe(text)
        else expect(isBase64(value) && isAscii(Buffer.from(value, 'base64'))).toBe(false)
      }),
    )
  })

  it('refuses base64 that is none, when the bytes are asked for [P-02]', () => {
    for (const value of ['%%%=', 'abc', 'YWJj!A==', 'YQ=']) {
      const event = kafkaEvent({ topic: 't', records: [{}] })
      Object.assign(event.records['t-0']?.[0] ?? {}, { value })
      expect(() => readBatch(event).partitions[0]?.records[0]?.value, value).toThrow('ML_DECODE_BASE64')
    }
  })

  it('round-trips any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (key, value) => {
        const event = kafkaEvent({ topic: 't', records: [{ key: Buffer.from(key), value: Buffer.from(value) }] })
        const record = readBatch(event).partitions[0]?.records[0]
        expect([record?.key, record?.value]).toEqual([Buffer.from(key), Buffer.from(value)])
      }),
    )
  })

  it('copies the identifier of a topic with dashes and dots', () => {
    const batch = readBatch(kafkaEvent({ topic: 'a-1.b', records: [{ partition: 12 }] }))
    expect(batch.partitions[0]).toMatchObject({ identifier: 'a-1.b-12', topic: 'a-1.b', partition: 12 })
  })

  it('shows offsets strictly rising, whatever order they come in [K-02]', () => {
    const event = kafkaEvent({ topic: 't', records: [{ offset: 7 }, { offset: 3 }, { offset: 5 }] })
    expect(readBatch(event).partitions[0]?.records.map(({ offset }) => offset)).toEqual([3, 5, 7])
  })

  it('refuses an event that names one record twice [K-01]', () => {
    expect(codeOf(kafkaEvent({ topic: 't', records: [{ offset: 3 }, { offset: 3 }] }))).toBe(
      'ML_EVENT_DUPLICATE_RECORD',
    )
  })

  it('refuses an offset that a JSON number cannot hold exactly, rather than round it', () => {
    expect(codeOf(JSON.parse(JSON.stringify(kafkaEvent({ topic: 't', records: [{ offset: 2 ** 53 }] }))))).toBe(
      'ML_EVENT_OFFSET_UNSAFE',
    )
    expect(codeOf(kafkaEvent({ topic: 't', records: [{ offset: 2 ** 53 - 1 }] }))).toBe('read')
  })

  it('reads an empty event as a batch of nothing [T-11, R-34]', () => {
    expect(readBatch({ records: {} })).toEqual({ topic: undefined, partitions: [] })
    expect(readBatch({ records: { 't-0': [] } }).partitions).toEqual([])
  })

  it.each([
    ['nothing', undefined, 'ML_EVENT_NOT_KAFKA'],
    ['an SQS event', { Records: [] }, 'ML_EVENT_NOT_KAFKA'],
    ['text', 'hello', 'ML_EVENT_NOT_KAFKA'],
    ['records as a list', { records: [] }, 'ML_EVENT_NOT_KAFKA'],
    ['a partition that is no list', { records: { 't-0': {} } }, 'ML_EVENT_INVALID'],
    ['a record that is none', { records: { 't-0': [null] } }, 'ML_EVENT_INVALID'],
    ['a record without id', { records: { 't-0': [{}] } }, 'ML_EVENT_INVALID'],
  ])('refuses %s with a code', (_, event, code) => {
    expect(codeOf(event)).toBe(code)
  })

  it.each([
    ['a negative offset', { offset: -1 }],
    ['an offset that is text', { offset: '5' }],
    ['a value that is an object', { value: {} }],
    ['headers that are no list', { headers: {} }],
    ['a header that is none', { headers: [null] }],
    ['a header whose bytes are a number', { headers: [{ h: 9 }] }],
    ['a header whose bytes are text', { headers: [{ h: 'text' }] }],
    ['a header one of whose bytes is none', { headers: [{ h: [1, {}] }] }],
    ['no timestamp', { timestamp: undefined }],
    ['another partition under this key', { partition: 4 }],
  ])('refuses a record with %s', (_, change) => {
    const event: KafkaEvent = kafkaEvent({ topic: 't', records: [{}, {}] })
    Object.assign(event.records['t-0']?.[1] ?? {}, change)
    expect(codeOf(event)).toBe('ML_EVENT_INVALID')
  })

  it('refuses records of two topics in one event', () => {
    const event = kafkaEvent({ topic: 'a', records: [{}] })
    Object.assign(event.records, kafkaEvent({ topic: 'b', records: [{}] }).records)
    expect(codeOf(event)).toBe('ML_EVENT_MIXED_TOPICS')
  })
})
