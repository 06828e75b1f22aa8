import { expect, it } from 'vitest'
import { kafkaEvent } from '../testing/events/index.js'
import { readBatch } from './read.js'
import { batchResponse } from './response.js'

const batch = readBatch(kafkaEvent({ topic: 'a-1', records: [{}, {}, { partition: 1, offset: 9 }] }))

it('names each record by the identifier of its partition and its offset, as objects', () => {
  expect(
    batchResponse(batch, [
      { identifier: 'a-1-0', offsets: [1] },
      { identifier: 'a-1-1', offsets: [9] },
    ]),
  ).toEqual({
    batchItemFailures: [
      { itemIdentifier: { partition: 'a-1-0', offset: 1 } },
      { itemIdentifier: { partition: 'a-1-1', offset: 9 } },
    ],
  })
})

it('answers an empty list for a batch without failures', () => {
  expect(batchResponse(batch, [{ identifier: 'a-1-0', offsets: [] }])).toEqual({ batchItemFailures: [] })
})

it.each([
  ['an unknown offset', { identifier: 'a-1-0', offsets: [2] }],
  ['the offset of another partition', { identifier: 'a-1-0', offsets: [9] }],
  ['an unknown partition', { identifier: 'a-1-2', offsets: [0] }],
])('never names %s', (_, unsettled) => {
  expect(() => batchResponse(batch, [unsettled])).toThrow('ML_ANSWER_INVALID')
})
