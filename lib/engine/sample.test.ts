import { expect, it } from 'vitest'
import { Sample } from './sample.js'

const taken = (all: number) => {
  const sample = new Sample(all)
  return Array.from({ length: all }, (_, i) => i).filter(() => sample.isDue())
}

it('takes all values of up to a thousand', () => {
  expect([0, 1, 999, 1_000].map((all) => taken(all).length)).toEqual([0, 1, 999, 1_000])
})

it.each([1_001, 2_000, 5_000, 10_000])('takes about a thousand of %i, evenly, and as many of each partition', (all) => {
  const list = taken(all)
  expect(Math.abs(list.length - 1_000)).toBeLessThan(5)
  for (const partitions of [2, 3, 4, 5, 10, 16]) {
    const ofEach = Array.from({ length: partitions }, (_, p) => list.filter((i) => i % partitions === p).length)
    expect(Math.max(...ofEach) - Math.min(...ofEach)).toBeLessThan(20)
  }
})
