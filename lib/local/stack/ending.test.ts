import { describe, expect, it } from 'vitest'
import { ending } from './ending.js'

const forever = () => new Promise<never>(() => undefined)

describe('what was started', () => {
  it('is stopped the last first, also where one does not stop', async () => {
    const stopped: string[] = []
    const stopLater = ending()
    await stopLater.add('a', () => stopped.push('a'))
    await stopLater.add('b', () => Promise.reject(new Error('stuck')))
    await stopLater.add('c', () => stopped.push('c'))
    expect(await stopLater.run()).toEqual(['b did not stop: stuck'])
    expect(stopped).toEqual(['c', 'a'])
  })

  it('is left alone when it takes too long to stop', async () => {
    const stopLater = ending({ limitMs: 10 })
    await stopLater.add('a', forever)
    expect(await stopLater.run()).toEqual(['a did not stop: not within 0.01 s'])
  })

  it('is stopped at once when everything else is', async () => {
    const stopped: string[] = []
    const stopLater = ending()
    await stopLater.run()
    await stopLater.add('late', () => stopped.push('late'))
    expect(stopped).toEqual(['late'])
  })

  it('is stopped once, however often that is asked, and says what failed', async () => {
    let stops = 0
    const stopLater = ending()
    await stopLater.add('a', () => Promise.reject(new Error('stuck')))
    await stopLater.add('b', () => stops++)
    const refused = [stopLater.stop(), stopLater.stop()].map((one) =>
      expect(one).rejects.toThrow('could not stop: Error: stuck'),
    )
    await Promise.all(refused)
    expect(stops).toBe(1)
  })
})
