import { describe, expect, it } from 'vitest'
import { killOnce } from './kill.js'

const transaction = (count: number, goesOn: boolean) => ({
  orderIds: Array.from({ length: count }, (_, n) => `order-${n}`),
  goesOn,
})
const start = () => {
  const killed: number[] = []
  const killer = killOnce({ orders: 100, kill: (pid) => killed.push(pid) })
  killer.onPid(42)
  return { killed, killer }
}

describe('the killer', () => {
  it('waits until a fifth of the orders has taken effect, and then for a transaction that is not the last of its batch', () => {
    const { killer, killed } = start()
    killer.onTransaction(transaction(19, true))
    killer.onTransaction(transaction(1, false))
    expect(killed).toEqual([])
    killer.onTransaction(transaction(1, true))
    expect(killed).toEqual([42])
    expect(killer.victim).toBe(42)
  })

  it('kills once', () => {
    const { killer, killed } = start()
    for (let i = 0; i < 4; i++) killer.onTransaction(transaction(30, true))
    expect(killed).toHaveLength(1)
  })
})
