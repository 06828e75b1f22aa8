import { expect, it } from 'vitest'
import { unlessLate } from './goodbye.js'

const never = new Promise<number>(() => undefined)

it('waits for work as long as nothing is stopped, and passes on what comes of it', async () => {
  const stopping = new AbortController()
  expect(await unlessLate(Promise.resolve(1), stopping.signal, 0)).toBe(1)
  await expect(unlessLate(Promise.reject(new Error('failed')), stopping.signal, 0)).rejects.toThrow('failed')
})

it('leaves work alone that is not done in time after the stop, whichever was first', async () => {
  const stopping = new AbortController()
  const before = unlessLate(never, stopping.signal, 1)
  stopping.abort()
  for (const left of [before, unlessLate(never, stopping.signal, 1)]) {
    await expect(left).rejects.toThrow(/^ML_LOCAL_SOURCE_FAILED: no broker has answered/)
  }
  expect(await unlessLate(Promise.resolve(2), stopping.signal)).toBe(2)
})
