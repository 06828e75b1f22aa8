import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBatch } from '../../event/index.js'
import { kafkaEvent, type RecordSpec } from '../../testing/events/index.js'
import type { Failure } from '../sink.js'
import { abandonedEnvelope, envelopeOf, fromJson, hasBytes, hashOf, jsonOf, toJson } from './index.js'

const giver = { group: 'g', functionName: 'f', functionVersion: '7' }

function failureOf(spec: RecordSpec, more: Partial<Failure> = {}): Failure {
  const [record] = readBatch(kafkaEvent({ topic: 'orders', records: [spec] })).partitions[0]?.records ?? []
  if (!record) throw new Error('no record')
  const why = { attempts: 2, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'r' } as const
  return { record, ...why, ...more }
}

const bytes = fc.option(fc.uint8Array().map((all) => Buffer.from(all)))
const headers = fc.array(fc.record({ key: fc.string(), value: bytes }))

describe('an envelope', () => {
  it('says where a record came from, why and by whom it was given up, and has its exact bytes [P-07] [P-08]', () => {
    const spec = { key: 'k', value: Buffer.from([0, 0xff]), offset: 7, timestamp: 99 }
    const error = new TypeError('bad')
    const envelope = envelopeOf(failureOf({ ...spec, headers: [['h', null]] }, { error }), giver)
    expect(jsonOf(envelope)).toEqual({
      format: 1,
      id: 'orders:0:7',
      ...{ group: 'g', function: 'f', version: '7' },
      ...{ topic: 'orders', partition: 0, offset: 7, timestamp: 99, timestampType: 'CREATE_TIME' },
      ...{ key: 'aw==', value: 'AP8=', headers: [['h', null]] },
      sha256: hashOf({ key: Buffer.from('k'), value: spec.value, headers: [{ key: 'h', value: null }] }),
      ...{ attempts: 2, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'r' },
      error: { name: 'TypeError', message: 'bad', stack: error.stack },
    })
  })

  it('comes back from its JSON as it was, whatever bytes it has [P-08]', () => {
    const about = envelopeOf(failureOf({}), giver)
    fc.assert(
      fc.property(bytes, bytes, headers, (key, value, list) => {
        const envelope = { ...about, key, value, headers: list, sha256: hashOf({ key, value, headers: list }) }
        expect(fromJson(toJson(envelope))).toEqual(envelope)
        expect(fromJson(Buffer.from(toJson(envelope)))).toEqual(envelope)
        expect(fromJson(jsonOf(envelope))).toEqual(envelope)
      }),
    )
  })

  it('keeps the text where a record has no base64, and says so', () => {
    const event = kafkaEvent({ topic: 'orders', records: [{ key: 'k' }] })
    const [wire] = event.records['orders-0'] ?? []
    if (wire) wire.value = 'not base64!'
    const [record] = readBatch(event).partitions[0]?.records ?? []
    if (!record) throw new Error('no record')
    const envelope = envelopeOf({ ...failureOf({}), record }, giver)
    expect(envelope).toMatchObject({ notBase64: true, key: Buffer.from('aw=='), value: Buffer.from('not base64!') })
    expect(fromJson(toJson(envelope))).toEqual(envelope)
  })

  it('of a record that Lambda went on without has no bytes, and says how to get them', () => {
    const about = { topic: 'orders', partition: 1, offset: 5, timestamp: 9, attempts: 1, firstSeen: 3 }
    const envelope = abandonedEnvelope(about, giver, 10)
    expect(envelope).toMatchObject({ id: 'orders:1:5', rule: 'abandoned', lastSeen: 10, version: '7' })
    expect(hasBytes(envelope)).toBe(false)
    expect(Object.keys(jsonOf(envelope))).not.toEqual(expect.arrayContaining(['key', 'value', 'headers', 'sha256']))
    expect(fromJson(toJson(envelope))).toEqual(envelope)
  })

  it('bounds what plain JavaScript gave as reason and error', () => {
    const error = Object.assign(new Error('x'.repeat(9_000)), { name: 'n'.repeat(300), stack: 's'.repeat(9_000) })
    const envelope = envelopeOf(failureOf({}, { reason: { a: 1 } as never, error }), giver)
    expect(envelope.reason).toBe('{"a":1}')
    expect([envelope.error?.name.length, envelope.error?.message.length, envelope.error?.stack.length]).toEqual([
      201, 4_001, 8_001,
    ])
  })

  it('that was changed is refused when it is read [P-08]', () => {
    const json = jsonOf(envelopeOf(failureOf({ key: 'k', value: 'v', headers: [['h', 'x']] }), giver))
    for (const change of [{ value: 'dg0=' }, { value: null }, { key: 'dg==', value: 'aw==' }, { headers: [] }])
      expect(() => fromJson({ ...json, ...change })).toThrow(
        /^ML_ENVELOPE_HASH: the envelope of orders:0:0 was changed/,
      )
  })

  it.each<[unknown, RegExp]>([
    ['{', /no JSON: "\{"/],
    ['[]', /no JSON object/],
    [null, /no JSON object/],
    [{ format: 2 }, /its format is 2, and this release knows 1/],
    [{ format: 1 }, /its id is undefined, no text/],
    [{ offset: -1 }, /its offset is -1, no whole number/],
    [{ timestamp: '1' }, /its timestamp is "1", no number/],
    [{ stage: 'x' }, /its stage is "x", none of decode/],
    [{ key: 'a b' }, /its key is "a b", neither base64 nor null/],
    [{ headers: {} }, /its headers are \{\}, not a list/],
    [{ headers: ['a'] }, /a header is "a", not \[name/],
  ])('is not what %j is', (wrong, message) => {
    const isPart = typeof wrong === 'object' && wrong !== null && !('format' in wrong)
    const json = isPart ? { ...jsonOf(envelopeOf(failureOf({}), giver)), ...wrong } : wrong
    expect(() => fromJson(json)).toThrow(message)
    expect(() => fromJson(json)).toThrow(/^ML_ENVELOPE_INVALID/)
  })
})

describe('the hash of a record', () => {
  it('is SHA-256 over lengths and bytes, as docs/envelope.md says', () => {
    const record = { key: Buffer.from('k'), value: null, headers: [{ key: 'h', value: Buffer.from([255]) }] }
    // printf '\0\0\0\1k\377\377\377\377\0\0\0\1\0\0\0\1h\0\0\0\1\377' | sha256sum
    expect(hashOf(record)).toBe('2c55f4d7c8900afa22bed9be70fee1f906db835594238b8d82ee8e4adb8baa72')
  })

  it('differs for what is null, empty, or moved from one part to another [R-12 partly]', () => {
    const [a, empty] = [Buffer.from('a'), Buffer.alloc(0)]
    const h = (key: string, value: Buffer | null) => ({ key, value })
    const all = [
      { key: null, value: null, headers: [] },
      { key: empty, value: null, headers: [] },
      { key: null, value: empty, headers: [] },
      { key: a, value: null, headers: [] },
      { key: null, value: a, headers: [] },
      { key: null, value: null, headers: [h('', null)] },
      { key: null, value: null, headers: [h('', empty)] },
      { key: null, value: null, headers: [h('a', null)] },
      { key: null, value: null, headers: [h('', a)] },
      { key: null, value: null, headers: [h('a', null), h('', null)] },
      { key: null, value: null, headers: [h('', null), h('a', null)] },
    ]
    expect(new Set(all.map(hashOf)).size).toBe(all.length)
  })
})
