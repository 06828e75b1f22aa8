import { expect, it } from 'vitest'
import { unlessStopping } from './reload-line.js'
import { listenForStop } from './signals.js'

it('What fails because Ctrl-C has ended it, too, is nothing to tell of, also where that is noticed first', async () => {
  const said: string[] = []
  const stopping = listenForStop()
  try {
    unlessStopping(stopping.signal, () => said.push('before'))
    await new Promise(setImmediate)
    unlessStopping(stopping.signal, () => said.push('first'))
    process.emit('SIGINT')
    unlessStopping(stopping.signal, () => said.push('then'))
    await new Promise(setImmediate)
    expect(said).toEqual(['before'])
  } finally {
    stopping.release()
  }
})
