import { expect, it } from 'vitest'
import { windowLeftMs } from './window.js'

const window = (provisioned: boolean) => ({ provisioned, batchingWindowMs: 500 })

it('starts when the last batch was complete in provisioned mode, and when its invocation was over on demand', () => {
  const times = { completeAt: 1000, invokedAt: 5000, arrivedAt: 900 }
  expect([1100, 1500, 5000].map((now) => windowLeftMs(window(true), times, now))).toEqual([400, 0, 0])
  expect([5000, 5499, 5500].map((now) => windowLeftMs(window(false), times, now))).toEqual([500, 1, 0])
})

it('starts with the first record where nothing was sent for long', () => {
  const times = { completeAt: 1000, invokedAt: 2000, arrivedAt: 9000 }
  for (const mode of [true, false]) expect(windowLeftMs(window(mode), times, 9100)).toBe(400)
})

it('of 0 is over at once', () => {
  const none = { provisioned: true, batchingWindowMs: 0 }
  expect(windowLeftMs(none, { completeAt: 1000, invokedAt: 1000, arrivedAt: 1000 }, 1000)).toBe(0)
})
