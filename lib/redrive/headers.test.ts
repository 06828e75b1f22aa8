import { describe, expect, it } from 'vitest'
import { type RawRecord, readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { firstOriginalOf, type Original, originalOf, withOriginal } from './headers.js'

const original: Original = { topic: 'orders', partition: 3, offset: 41, timestamp: -1, group: 'billing' }

/** A record of the topic `orders` with these headers, as Lambda delivers it. */
function delivered(headers: readonly { readonly key: string; readonly value: Buffer | null }[]): RawRecord {
  const spec = { value: 1, headers: headers.map(({ key, value }) => [key, value] as const) }
  const [record] = readBatch(kafkaEvent({ topic: 'orders', records: [spec] })).partitions.flatMap((one) => one.records)
  if (record === undefined) throw new Error('no record')
  return record
}

describe('The headers of a redrive', () => {
  it('name the record that was given up on, behind its own [R-44 partly]', () => {
    const own = { key: 'traceparent', value: Buffer.from('00-a-b-01') }
    const headers = withOriginal([own], original)
    expect(headers.map(({ key, value }) => `${key} ${value}`)).toEqual([
      'traceparent 00-a-b-01',
      'x-original-topic orders',
      'x-original-partition 3',
      'x-original-offset 41',
      'x-original-timestamp -1',
      'x-original-group billing',
    ])
    expect(originalOf(delivered(headers))).toEqual(original)
  })

  it('of a redrive that is redriven again name what it repeats, and what began it all', () => {
    const again = delivered(withOriginal(withOriginal([], original), { ...original, offset: 90, timestamp: 7 }))
    expect(originalOf(again)).toEqual({ ...original, offset: 90, timestamp: 7 })
    expect(firstOriginalOf(again)).toEqual(original)
  })

  it('of what was copied here with its headers, and redriven here, name what began it here', () => {
    const elsewhere = withOriginal(withOriginal([], { ...original, topic: 'payments' }), {
      ...original,
      topic: 'bills',
    })
    const here = withOriginal(withOriginal(elsewhere, { ...original, offset: 50 }), { ...original, offset: 90 })
    expect(originalOf(delivered(here))).toEqual({ ...original, offset: 90 })
    expect(firstOriginalOf(delivered(here))).toEqual({ ...original, offset: 50 })
  })

  it.each<[string, readonly { readonly key: string; readonly value: Buffer | null }[]]>([
    ['without any', []],
    ['with headers of its own', [{ key: 'x', value: Buffer.from('1') }]],
    ['with some of them', withOriginal([], original).filter(({ key }) => key !== 'x-original-offset')],
    [
      'with a null in one',
      withOriginal([], original).map(({ key, value }) => ({ key, value: key.endsWith('offset') ? null : value })),
    ],
    [
      'with a null for the group',
      withOriginal([], original).map(({ key, value }) => ({ key, value: key.endsWith('group') ? null : value })),
    ],
    ['of no group', withOriginal([], { ...original, group: '' })],
    ['of what is no group, but a payload', withOriginal([], { ...original, group: 'x'.repeat(256) })],
    ['with a number that is none', withOriginal([], { ...original, offset: Number.NaN })],
    ['that were copied from another topic', withOriginal([], { ...original, topic: 'payments' })],
  ])('make no redrive of a record %s', (_, headers) => {
    expect(originalOf(delivered(headers))).toBeUndefined()
    expect(firstOriginalOf(delivered(headers))).toBeUndefined()
  })
})
