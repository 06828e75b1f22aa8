import { describe, expect, it } from 'vitest'
import { watchStages } from './stages.js'

const forever = () => new Promise<never>(() => undefined)

describe('the stages of the job', () => {
  it('answer what was done, and name what is being done', async () => {
    const stages = watchStages(10_000, new AbortController().signal)
    expect(await stages.run('adding', async () => `${stages.current}`)).toBe('adding')
    stages.end()
  })

  it('end at the bound, with the stage that took too long', async () => {
    const stages = watchStages(10, new AbortController().signal)
    await expect(stages.run('waiting for the end', forever)).rejects.toMatchObject({
      code: 'ML_START_OVERDUE',
      message: expect.stringContaining('still waiting for the end'),
    })
  })

  it('end with the signal, also where it came before', async () => {
    const interrupt = new AbortController()
    const stages = watchStages(10_000, interrupt.signal)
    const waiting = stages.run('waiting', forever)
    interrupt.abort(new Error('ended by SIGINT'))
    await expect(waiting).rejects.toThrow('ended by SIGINT')
    await expect(stages.run('the next', forever)).rejects.toThrow('ended by SIGINT')
    stages.end()
  })
})
