import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manualTimers } from '../timers.fixture.js'
import { code } from '../wire/codes.js'
import { Coordinator, keepEmptyMs } from './coordinator.js'

/** A client as a real one behaves: it does what the last answer told it to, or falls silent. */
function client(coordinator: Coordinator, name: string) {
  let memberId = ''
  let generation = -1
  let unanswered = 0
  const wait = async <T>(answer: Promise<T>) => {
    unanswered += 1
    const value = await answer
    unanswered -= 1
    return value
  }
  return {
    get unanswered() {
      return unanswered
    },
    async join(idFirst: boolean) {
      const answer = await wait(
        coordinator.join('g', {
          memberId,
          clientId: name,
          clientHost: '',
          sessionTimeoutMs: 1000,
          rebalanceTimeoutMs: 3000,
          protocolType: 'consumer',
          protocols: [{ name: 'range', metadata: Buffer.from(name) }],
          idFirst,
        }),
      )
      memberId = answer.error === code.unknownMemberId ? '' : answer.memberId
      if (answer.error === code.none) generation = answer.generation
      return answer
    },
    async sync() {
      const group = coordinator.find('g')
      if (group === undefined) return
      const mine = `${memberId} in ${generation}` // a later join may change both while this waits
      const everybody = group.describe().members.map(({ id }) => [id, Buffer.from(`${id} in ${generation}`)] as const)
      const { error, assignment } = await wait(group.sync(memberId, generation, new Map(everybody)))
      if (error === code.none) expect(`${assignment}`).toBe(mine)
    },
    beat: () => coordinator.find('g')?.heartbeat(memberId, generation),
    leave: () => coordinator.find('g')?.leave(memberId),
  }
}

test('whatever members do, every request is answered, assignments fit, and nothing is left when all are silent', async () => {
  const step = fc.record({
    who: fc.nat(3),
    does: fc.constantFrom('join', 'join', 'joinWithId', 'sync', 'sync', 'beat', 'leave', 'advance'),
    ms: fc.integer({ min: 1, max: 1500 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const timers = manualTimers()
      const coordinator = new Coordinator(timers, undefined, 500)
      const clients = ['a', 'b', 'c', 'd'].map((name) => client(coordinator, name))
      const running: Promise<unknown>[] = []
      for (const { who, does, ms } of steps) {
        const one = clients[who]
        if (one === undefined) continue
        if (does === 'join') running.push(one.join(false))
        else if (does === 'joinWithId') running.push(one.join(true))
        else if (does === 'sync') running.push(one.sync())
        else if (does === 'beat') one.beat()
        else if (does === 'leave') one.leave()
        else timers.advance(ms)
        await Promise.resolve()
      }
      timers.advance(60_000 + keepEmptyMs)
      await Promise.all(running)
      expect(clients.map(({ unanswered }) => unanswered)).toEqual([0, 0, 0, 0])
      expect(coordinator.all()).toEqual([])
      expect(timers.waiting).toBe(0)
    }),
    { numRuns: 500 },
  )
})
