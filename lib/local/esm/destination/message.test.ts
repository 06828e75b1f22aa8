import { expect, it } from 'vitest'
import { config } from '../mapping.fixture.js'
import { batchMessage } from './message.js'

it('tells of timestamps that no date can have by the nearest that one can', () => {
  const record = { topic: 't', partition: 0, offset: 0, timestampType: 'CREATE_TIME' as const, headers: [] }
  const records = {
    't-0': [
      { ...record, timestamp: -(2 ** 63) },
      { ...record, offset: 1, timestamp: 2 ** 63 },
    ],
  }
  const event = { eventSource: 'SelfManagedKafka' as const, bootstrapServers: 'b', records }
  const failure = { condition: 'c', approximateInvokeCount: 1, requestId: 'r', result: undefined, event, at: 0 }
  expect(batchMessage(failure, { config: config(), reportedFunctionError: 'absent' })).toMatchObject({
    KafkaBatchInfo: {
      recordsInfo: {
        't-0': {
          firstRecordTimestamp: '-271821-04-20T00:00:00.000Z',
          lastRecordTimestamp: '+275760-09-13T00:00:00.000Z',
        },
      },
    },
  })
})
