import { describe, expect, it } from 'vitest'
import { killOnce } from './kill.js'
import { runOf } from './verify/facts.fixture.js'

/** Runs so many records of one invocation. */
const runs = (killer: ReturnType<typeof killOnce>, requestId: string, count: number) => {
  for (let offset = 0; offset < count; offset++) killer.onRun(runOf(offset, requestId, 1, 42))
}
const start = () => {
  const killed: number[] = []
  return { killed, killer: killOnce({ batchSize: 100, orders: 1_000, kill: (pid) => killed.push(pid) }) }
}

describe('the killer', () => {
  it('waits for an invocation that begins after a fifth of the records, and kills it a fifth of a batch into it', () => {
    const { killer, killed } = start()
    for (const id of ['a', 'b', 'c']) runs(killer, id, 99)
    runs(killer, 'd', 19)
    expect(killed).toEqual([])
    runs(killer, 'd', 1)
    expect(killed).toEqual([42])
    expect(killer.victim).toEqual({ pid: 42, requestId: 'd' })
  })

  it('kills once', () => {
    const { killer, killed } = start()
    for (const id of ['a', 'b', 'c', 'd', 'e']) runs(killer, id, 99)
    expect(killed).toHaveLength(1)
  })

  it('tries the next batch when the signal came too late', () => {
    const { killer, killed } = start()
    for (const id of ['a', 'b', 'c', 'd']) runs(killer, id, 99)
    killer.missed()
    runs(killer, 'e', 20)
    expect(killed).toHaveLength(2)
    expect(killer.victim?.requestId).toBe('e')
  })
})
