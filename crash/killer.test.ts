import { describe, expect, it } from 'vitest'
import type { StoreRequest } from '../lib/testing/faults/index.js'
import { seededRandom } from '../start/orders/index.js'
import { killer, moments } from './killer.js'

/** A process that makes one store call after another, and is started anew when it was killed. */
function life(kills: number, seed: number) {
  const killed: { pid: number; call: number; answered: boolean; sent: boolean }[] = []
  let pid = 1
  let call = 0
  let state = { answered: false, sent: false }
  const timers: (() => void)[] = []
  const death = killer({
    kills,
    random: seededRandom(seed),
    pid: () => pid,
    kill: (victim) => killed.push({ pid: victim, call, ...state }),
    after: (_, callback) => timers.push(callback),
  })
  const step = () => {
    const request: StoreRequest = { operation: 'X', body: {}, tables: [] }
    call++
    state = { answered: false, sent: false }
    const before = killed.length
    const verdict = death.rule(request)
    state = { answered: true, sent: verdict === 'pass' }
    if (killed.length === before) death.onExchange({ request, status: 200, answer: {}, byRule: verdict !== 'pass' })
    for (const callback of timers.splice(0)) callback()
    if (killed.length === before) return
    pid++
    call = 0
  }
  return { death, killed, step }
}

describe('the killer of the crash test', () => {
  it('kills as often as it was told, each time another process, at a call of its own', () => {
    const { death, killed, step } = life(200, 1)
    for (let i = 0; !death.done && i < 100_000; i++) step()
    expect(killed).toHaveLength(200)
    expect(new Set(killed.map(({ pid }) => pid)).size).toBe(200)
    expect(new Set(killed.map(({ call }) => call)).size).toBeGreaterThan(40)
    expect(Math.min(...moments.map((moment) => death.kills[moment]))).toBeGreaterThan(30)
    step()
    expect(killed).toHaveLength(200)
  })

  it('does the same again with the same seed', () => {
    const [one, other] = [life(20, 5), life(20, 5)]
    for (const { death, step } of [one, other]) while (!death.done) step()
    expect(one.killed).toEqual(other.killed)
  })

  it('leaves alone what a dead process had sent, and whoever does not live', () => {
    const killed: number[] = []
    let pid: number | undefined = 1
    const death = killer({
      kills: 2,
      random: () => 0,
      pid: () => pid,
      kill: (victim) => killed.push(victim),
      after: () => undefined,
    })
    const request: StoreRequest = { operation: 'X', body: {}, tables: [] }
    expect(death.rule(request)).toEqual({ status: 500, body: {} })
    expect(death.rule(request)).toBe('pass')
    pid = undefined
    expect(death.rule(request)).toBe('pass')
    pid = 2
    expect(death.rule(request)).toEqual({ status: 500, body: {} })
    expect(killed).toEqual([1, 2])
  })
})
