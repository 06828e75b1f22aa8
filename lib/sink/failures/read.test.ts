import { describe, expect, it } from 'vitest'
import { readBatch } from '../../event/index.js'
import { kafkaEvent, type RecordSpec } from '../../testing/events/index.js'
import { abandonedEnvelope, type Envelope, envelopeOf } from '../envelope/index.js'
import { envelopeOfItems, itemsOf, provenanceOfItem } from './index.js'

const giver = { group: 'g', functionName: 'f', functionVersion: '7' }
const why = { attempts: 2, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'r' } as const

function envelope(spec: RecordSpec, wire: object = {}): Envelope {
  const event = kafkaEvent({ topic: 'orders', records: [spec] })
  Object.assign(event.records['orders-0']?.[0] ?? {}, wire)
  const [record] = readBatch(event).partitions[0]?.records ?? []
  if (!record) throw new Error('no record')
  return envelopeOf({ ...why, record, error: new RangeError('bad') }, giver)
}

const large = { key: 'k', value: Buffer.alloc(800_000, 'é'), headers: [['h', null] as const, ['h', 'x'] as const] }

describe('an envelope of the failures table', () => {
  it.each<[string, Envelope]>([
    [
      'an ordinary record',
      envelope({
        key: 'k',
        value: 'v',
        headers: [
          ['h', Buffer.from([0xff])],
          ['n', null],
          ['h', ''],
        ],
      }),
    ],
    ['a record without key and value', envelope({ key: null, value: null })],
    ['empty key and value', envelope({ key: '', value: '' })],
    ['what is no base64', envelope({}, { value: 'not base64!' })],
    ['a large record', envelope(large)],
    ['a large tombstone', envelope({ key: Buffer.alloc(400_000), value: null })],
    ['a large record of headers alone', envelope({ headers: [['h', Buffer.alloc(400_000)]] })],
    [
      'an abandoned record',
      abandonedEnvelope({ topic: 't', partition: 1, offset: 2, timestamp: 3, attempts: 1, firstSeen: 4 }, giver, 5),
    ],
  ])('is read as it was written: %s [P-07] [P-08]', (_, written) => {
    const { head, pieces } = itemsOf(written)
    // Not compared by the test runner, which takes seconds for large buffers.
    const light = ({ key, value, headers, ...about }: Envelope) => about
    const read = envelopeOfItems(head, pieces)
    expect(light(read)).toEqual(light(written))
    expect(light(read).sha256).toBe(written.sha256)
    expect([read.key?.length, read.value?.length, read.headers?.length]).toEqual([
      ...[written.key?.length, written.value?.length, written.headers?.length],
    ])
  })

  it('says what it is without its bytes, too', () => {
    const written = envelope({ key: 'k', value: 'v' })
    const { head } = itemsOf(written)
    const { key: _, value: __, headers: ___, ...without } = head
    const { key, value, headers, sha256, ...about } = written
    expect(provenanceOfItem(without)).toEqual(about)
  })

  it.each<[string, (items: ReturnType<typeof itemsOf>) => ReturnType<typeof itemsOf>, RegExp]>([
    [
      'a piece is gone',
      ({ head, pieces }) => ({ head, pieces: pieces.slice(1) }),
      /^ML_ENVELOPE_INVALID: .*2 of its 3 pieces/,
    ],
    [
      'a piece is shorter',
      ({ head, pieces }) => ({ head, pieces: pieces.map((one) => ({ ...one, bytes: { B: Buffer.alloc(9) } })) }),
      /^ML_ENVELOPE_INVALID: .*its pieces have 27 bytes/,
    ],
    [
      'pieces changed places',
      ({ head, pieces: [a, b, ...rest] }) => ({ head, pieces: [b ?? {}, a ?? {}, ...rest] }),
      /^ML_ENVELOPE_HASH/,
    ],
    [
      'its hash is gone',
      ({ head: { sha256: _, ...head }, pieces }) => ({ head, pieces }),
      /^ML_ENVELOPE_INVALID: .*no sha256/,
    ],
    [
      'its rule is gone',
      ({ head: { rule: _, ...head }, pieces }) => ({ head, pieces }),
      /^ML_ENVELOPE_INVALID: .*its rule/,
    ],
    [
      'it is newer',
      ({ head, pieces }) => ({ head: { ...head, format: { N: '2' } }, pieces }),
      /^ML_ENVELOPE_INVALID: .*format is 2/,
    ],
  ])('is refused where %s [P-08]', (_, change, message) => {
    const { head, pieces } = change(itemsOf(envelope({ ...large, value: Buffer.alloc(800_000).fill('0123456789a') })))
    expect(() => envelopeOfItems(head, pieces)).toThrow(message)
  })
})
