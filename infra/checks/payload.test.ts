import { describe, expect, it } from 'vitest'
import { jsonBytes, payloadLimit } from '../../lib/local/esm/event.js'
import { leastWireBytes } from './payload.js'
import { codesOf, findingOf } from './subject.fixture.js'

const large = { function: { MemorySize: 1_024 } }
const batch = (BatchSize: number, recordBytes?: number) => ({
  ...large,
  mapping: { BatchSize },
  ...(recordBytes !== undefined && { settings: { recordBytes } }),
})

describe('A batch of Kafka records', () => {
  it('takes no less in an event than it is counted for', () => {
    const value = Buffer.alloc(1_000).toString('base64')
    const bare = { topic: 'orders', partition: 0, offset: 0, timestamp: Date.now(), timestampType: 'CREATE_TIME' }
    expect(leastWireBytes('orders', 1_000)).toBe(jsonBytes({ ...bare, value, headers: [] }) + 1)
  })

  it('of the smallest records fits at any batch size, whatever the name of the topic', () => {
    expect(10_000 * leastWireBytes('t'.repeat(249), 1)).toBeLessThan(payloadLimit)
  })

  it('is as large as serverless.yml says, if it fits 6 MB', async () => {
    expect(await codesOf(batch(10_000))).toEqual([])
    // 5,336 bytes in base64, and 124 around them.
    expect(await codesOf(batch(1_152, 4_000))).toEqual([])
    expect(await findingOf(batch(1_153, 4_000))).toMatch(
      /^ML_CHECK_BATCH: a record of 4000 bytes .* takes 5460 .* holds 1152 of them: .* 1153 is never reached. Set batchSize to 1152 or less/,
    )
  })

  it('is a hundred where nobody says', async () => {
    expect(await codesOf({ settings: { recordBytes: 46_000 } })).toEqual([])
    expect(await codesOf({ settings: { recordBytes: 48_000 } })).toEqual(['ML_CHECK_BATCH'])
  })

  it('holds no record that alone is larger', async () => {
    expect(await findingOf(batch(1, 4_800_000))).toMatch(/^ML_CHECK_BATCH: .* never delivered\. Have the producer/)
  })
})

describe('The memory of a function', () => {
  it('holds what 6 MB of an event take, or nothing is done', async () => {
    expect(await findingOf({ function: { MemorySize: 128 } })).toMatch(
      /^ML_CHECK_MEMORY: its memorySize is 128 MB, and an event of 6.0 MB takes 140 MB .* Set memorySize to 204 or more/,
    )
    expect(await codesOf({ function: { MemorySize: 204 } })).toEqual([])
  })

  it('is a doubt where little is left for the handler', async () => {
    const little = { function: { MemorySize: 192 } }
    expect(await findingOf(little)).toMatch(/^ML_CHECK_MEMORY_SHORT: .* 52 MB are left/)
  })

  it('may be small where the records are, and few', async () => {
    const small = { function: { MemorySize: 160 }, settings: { recordBytes: 300 } }
    expect(await codesOf(small)).toEqual([])
    expect(await codesOf({ ...small, mapping: { BatchSize: 10_000 } })).toEqual(['ML_CHECK_MEMORY_SHORT'])
  })
})
