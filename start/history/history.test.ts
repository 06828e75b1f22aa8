import { describe, expect, it } from 'vitest'
import { historyReader } from './index.js'

const origin = { requestId: 'r1', pid: 7 }
const place = { topic: 'orders', partition: 2, offset: 5 }

describe("the history in a function's log", () => {
  it('tells runs, decisions and batches apart', () => {
    const { read, history } = historyReader('orders')
    const run = { message: 'order', ...place, attempt: 2, orderId: 'o', customerId: 'c', seq: 3 }
    expect(read(JSON.stringify(run), origin)).toMatchObject({ requestId: 'r1', pid: 7, offset: 5, attempt: 2, seq: 3 })
    read(JSON.stringify({ message: 'retry', ...place, stage: 'process', rule: 'failed' }), origin)
    read(JSON.stringify({ message: 'batch', topic: 'orders', records: 9, skipped: 4 }), origin)
    expect(history.runs).toHaveLength(1)
    expect(history.decisions).toEqual([
      { partition: 2, offset: 5, requestId: 'r1', decision: 'retry', stage: 'process', rule: 'failed' },
    ])
    expect(history.batches).toEqual([{ requestId: 'r1', pid: 7, records: 9, skipped: 4 }])
  })

  it('passes over what is no line about the topic: metrics, plain text, half a line of a process that died', () => {
    const { read, history } = historyReader('orders')
    for (const line of [
      '{"_aws":{}}',
      'hello',
      '{"message":"order","topic":"ord',
      '{"message":"order","topic":"other"}',
    ]) {
      expect(read(line, origin)).toBeUndefined()
    }
    expect(history).toEqual({ runs: [], decisions: [], batches: [] })
  })
})
