import type { KafkaMessage } from 'kafkajs'
import { expect, it } from 'vitest'
import { type BufferSettings, RecordBuffer } from './buffer.js'
import type { Filter } from './filter/index.js'
import { readSwitches } from './switches.js'

const messages = (from: number, count: number): KafkaMessage[] =>
  Array.from({ length: count }, (_, n) => ({
    key: null,
    value: Buffer.from(String(from + n)),
    timestamp: '1',
    attributes: 0,
    offset: String(from + n),
    headers: {},
  }))

const empty = (changes: Partial<BufferSettings> = {}) =>
  new RecordBuffer({
    topic: 't',
    limits: { records: 10, bytes: 1_000_000, envelopeBytes: 50 },
    filter: undefined,
    switches: readSwitches(),
    ...changes,
  })
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

const offsets = (...entries: [number, number][]) => new Map(entries)

it('commits what is settled: past what was filtered where nothing waits, and up to the first record that does', () => {
  const buffer = empty()
  buffer.assign('me', [0, 1], none)
  expect(buffer.uncommitted()).toEqual(none)
  buffer.add(0, messages(5, 12), 20, 0)
  buffer.add(1, [], 9, 0)
  expect(buffer.uncommitted()).toEqual(offsets([1, 9]))
  buffer.take()
  buffer.add(0, [], 22, 0)
  expect(buffer.uncommitted()).toEqual(offsets([1, 9]))
  buffer.settle([])
  expect(buffer.uncommitted()).toEqual(offsets([0, 15], [1, 9]))
  buffer.take()
  buffer.settle([])
  const settled = buffer.uncommitted()
  expect(settled).toEqual(offsets([0, 22], [1, 9]))
  buffer.committed(settled)
  expect(buffer.uncommitted()).toEqual(none)
})

it('commits a part of a batch up to the lowest record that is left of it', () => {
  const buffer = empty()
  buffer.assign('me', [0, 1], none)
  buffer.add(0, messages(5, 4), 9, 0)
  buffer.add(1, messages(0, 2), 2, 0)
  const { records } = buffer.take()
  buffer.settle([records])
  expect(buffer.uncommitted()).toEqual(none)
  const list = records['t-0'] ?? []
  buffer.settle([{ 't-0': list.slice(3) }, { 't-0': list.slice(2, 3) }])
  expect(buffer.uncommitted()).toEqual(offsets([0, 7], [1, 2]))
  buffer.settle([])
  expect(buffer.uncommitted()).toEqual(offsets([0, 9], [1, 2]))
})

const odd: Filter = (value) => Number(value?.toString()) % 2 === 1

it('delivers what passes the filter, and commits the rest with the next success', () => {
  const buffer = empty({ filter: odd })
  buffer.assign('me', [0], none)
  buffer.add(0, messages(4, 3), 7, 0)
  expect(buffer.uncommitted()).toEqual(none)
  expect(buffer.take().records['t-0']?.map(({ offset }) => offset)).toEqual([5])
  buffer.settle([])
  expect(buffer.uncommitted()).toEqual(offsets([0, 7]))
})

it.each([
  ['at-once', offsets([0, 5]), none],
  ['with-next-success', none, offsets([0, 5])],
] as const)('commits a poll of which nothing passes %s, as the switch says', (filteredPollCommits, atOnce, withheld) => {
  const buffer = empty({ filter: odd, switches: readSwitches({ filteredPollCommits }) })
  buffer.assign('me', [0], none)
  buffer.add(0, messages(4, 1), 5, 0)
  expect(buffer.uncommitted()).toEqual(atOnce)
  expect(buffer.withheld()).toEqual(withheld)
  buffer.add(0, messages(5, 1), 6, 0)
  buffer.take()
  buffer.settle([])
  expect(buffer.uncommitted()).toEqual(offsets([0, 6]))
  expect(buffer.withheld()).toEqual(none)
})

it('reads nothing more of a partition that is blocked, and commits up to there', () => {
  const buffer = empty()
  buffer.assign('me', [0], none)
  buffer.add(0, messages(0, 12), 12, 0)
  buffer.take()
  buffer.block(0, 7)
  buffer.add(0, messages(12, 1), 13, 0)
  buffer.settle([])
  expect([buffer.empty, buffer.uncommitted()]).toEqual([true, offsets([0, 7])])
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
