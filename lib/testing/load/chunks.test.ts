import { describe, expect, it } from 'vitest'
import { inChunks } from './chunks.js'

describe('records in chunks', () => {
  it('are as many as one request carries, by number and by bytes', async () => {
    const sizes = async (bytes: number) => {
      const found: number[] = []
      for await (const chunk of inChunks(Array(2_500).fill('x'), { sizeOf: () => bytes })) found.push(chunk.length)
      return found
    }
    expect(await sizes(1)).toEqual([1_000, 1_000, 500])
    expect(await sizes(256 * 1_024)).toEqual(Array(1_250).fill(2))
  })

  it('never run ahead of their rate, and make up for what was missed', async () => {
    let time = 0
    const taken: [number, number][] = []
    const now = () => time
    let count = 0
    for await (const chunk of inChunks(Array(40).fill('x'), { sizeOf: () => 1, ratePerSecond: 1_000, now })) {
      count += chunk.length
      taken.push([time, count])
      time += count < 20 ? 1 : 10
    }
    for (const [at, records] of taken) expect(records).toBeLessThanOrEqual(at + 1)
    expect(count).toBe(40)
    expect(taken.at(-1)?.[0]).toBeLessThan(60)
  })
})
