import type { KafkaMessage } from 'kafkajs'
import { expect, it } from 'vitest'
import { RecordBuffer } from './buffer.js'

const messages = (from: number, count: number): KafkaMessage[] =>
  Array.from({ length: count }, (_, n) => ({
    key: null,
    value: Buffer.from('v'),
    timestamp: '1',
    attributes: 0,
    offset: String(from + n),
    headers: {},
  }))

const empty = () => new RecordBuffer('t', { records: 10, bytes: 1_000_000, envelopeBytes: 50 })
const none = new Map<number, number>()

it('has room for two batches, by number and by bytes', () => {
  const buffer = empty()
  buffer.assign('me', [0], none)
  buffer.add(0, messages(0, 19), 19, 0)
  expect([buffer.full, buffer.hasRoom]).toEqual([true, true])
  buffer.add(0, messages(19, 1), 20, 0)
  expect(buffer.hasRoom).toBe(false)
  buffer.take()
  expect(buffer.hasRoom).toBe(true)
})

it('commits up to the first record that waits, and past what was filtered where none does', () => {
  const buffer = empty()
  buffer.assign('me', [0, 1], none)
  expect(buffer.uncommitted()).toEqual(none)
  buffer.add(0, messages(5, 12), 20, 0)
  buffer.add(1, [], 9, 0)
  expect(buffer.uncommitted()).toEqual(
    new Map([
      [0, 5],
      [1, 9],
    ]),
  )
  buffer.take()
  expect(buffer.uncommitted()).toEqual(
    new Map([
      [0, 15],
      [1, 9],
    ]),
  )
  buffer.take()
  const settled = buffer.uncommitted()
  expect(settled).toEqual(
    new Map([
      [0, 20],
      [1, 9],
    ]),
  )
  buffer.committed(settled)
  expect(buffer.uncommitted()).toEqual(none)
})

it('reads on from where it is in a partition it keeps, from the start in a new one, and forgets one it lost', () => {
  const buffer = empty()
  expect(buffer.assign('me', [0, 1], new Map([[0, 3]]))).toEqual(new Map([[0, 3]]))
  buffer.add(0, messages(3, 2), 5, 0)
  buffer.add(1, messages(0, 2), 2, 0)
  expect(buffer.assign('me', [0], none)).toEqual(new Map([[0, 5]]))
  expect([buffer.owns('t-0'), buffer.owns('t-1')]).toEqual([true, false])
  expect(Object.keys(buffer.take().records)).toEqual(['t-0'])
  expect(buffer.add(1, messages(2, 1), 3, 0)).toBe(false)
})

it('forgets everything when it comes back as another member', () => {
  const buffer = empty()
  buffer.assign('me', [0], none)
  buffer.add(0, messages(0, 2), 2, 0)
  expect(buffer.assign('another', [0], none)).toEqual(none)
  expect([buffer.empty, buffer.uncommitted().size]).toEqual([true, 0])
})
