import { expect, test } from 'vitest'
import { manualTimers } from '../timers.fixture.js'
import { code } from '../wire/codes.js'
import { Coordinator, keepEmptyMs } from './coordinator.js'
import type { JoinRequest } from './member.js'

const protocol = (name: string) => ({ name, metadata: Buffer.from(`metadata of ${name}`) })

function setup() {
  const timers = manualTimers()
  const coordinator = new Coordinator(timers, undefined, 500)
  const join = (memberId = '', more: Partial<JoinRequest> = {}) =>
    coordinator.join('g', {
      memberId,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 1000,
      rebalanceTimeoutMs: 5000,
      protocolType: 'consumer',
      protocols: [protocol('range')],
      idFirst: false,
      ...more,
    })
  const sync = (id: string, generation: number, assignments: Record<string, string> = {}) => {
    const given = Object.entries(assignments).map(([key, text]) => [key, Buffer.from(text)] as const)
    return coordinator.find('g')?.sync(id, generation, new Map(given))
  }
  const beat = (id: string, generation: number) => coordinator.find('g')?.heartbeat(id, generation)
  const state = () => coordinator.find('g')?.state
  return { timers, coordinator, join, sync, beat, state }
}

/** Two members, of which the first leads, in a stable generation 2. */
async function pair() {
  const stage = setup()
  const first = await stage.join()
  const again = stage.join('')
  const leader = await stage.join(first.memberId)
  const follower = await again
  const waiting = stage.sync(follower.memberId, 2)
  await stage.sync(leader.memberId, 2, { [leader.memberId]: 'a', [follower.memberId]: 'b' })
  return { ...stage, one: leader.memberId, two: follower.memberId, followerSync: waiting }
}

test('all members join, the leader alone learns of all, and each is given its assignment', async () => {
  const { coordinator, one, two, followerSync, state } = await pair()
  expect(await followerSync).toEqual({ error: code.none, assignment: Buffer.from('b') })
  expect(state()).toBe('Stable')
  const described = coordinator.find('g')?.describe()
  expect(described?.protocol).toBe('range')
  expect(described?.members.map(({ id, assignment }) => [id, `${assignment}`])).toEqual([
    [one, 'a'],
    [two, 'b'],
  ])
})

test('a new member makes the others join again, and the generation rise', async () => {
  const { join, beat, one, two, state } = await pair()
  const third = join()
  expect(state()).toBe('PreparingRebalance')
  expect([beat(one, 2), beat(two, 2)]).toEqual([code.rebalanceInProgress, code.rebalanceInProgress])
  const answers = await Promise.all([third, join(one), join(two)])
  expect(answers.map(({ generation, error }) => [generation, error])).toEqual([3, 3, 3].map((n) => [n, code.none]))
  expect(answers.map(({ members }) => members.length)).toEqual([0, 3, 0])
  expect(beat(one, 2)).toBe(code.illegalGeneration)
  expect(beat('stranger', 3)).toBe(code.unknownMemberId)
})

test('a member that falls silent is removed after its session, one that beats is not', async () => {
  const { timers, beat, join, one, two, state } = await pair()
  timers.advance(600)
  expect(beat(one, 2)).toBe(code.none)
  timers.advance(600)
  expect(state()).toBe('PreparingRebalance')
  expect(beat(two, 2)).toBe(code.unknownMemberId)
  expect(beat(one, 2)).toBe(code.rebalanceInProgress)
  expect((await join(one)).generation).toBe(3)
})

test('a member that does not join again in time is left behind, though its heart beats', async () => {
  const { timers, beat, join, one, two } = await pair()
  const third = join()
  const joined = join(one)
  for (let ms = 0; ms < 5000; ms += 500) {
    beat(two, 2)
    timers.advance(500)
  }
  expect((await third).generation).toBe(3)
  expect((await joined).members.length).toBe(2)
  expect(beat(two, 2)).toBe(code.unknownMemberId)
})

test('a leader that joins but never assigns is removed, and those who wait are told to join again', async () => {
  const { timers, beat, join, sync, one, two } = await pair()
  const answers = await Promise.all([join(one), join(two)])
  expect(answers.map(({ generation }) => generation)).toEqual([3, 3])
  const waiting = sync(two, 3)
  for (let ms = 0; ms < 5000; ms += 500) {
    beat(one, 3)
    timers.advance(500)
  }
  expect((await waiting)?.error).toBe(code.rebalanceInProgress)
  expect(beat(one, 3)).toBe(code.unknownMemberId)
  expect((await join(two)).leader).toBe(two)
})

test('who leaves frees its partitions at once; a group that nobody comes back to is forgotten after a while', async () => {
  const { timers, coordinator, join, one, two, state } = await pair()
  expect(coordinator.find('g')?.leave(two)).toBe(code.none)
  expect(coordinator.find('g')?.leave(two)).toBe(code.unknownMemberId)
  expect(state()).toBe('PreparingRebalance')
  await join(one)
  expect(coordinator.find('g')?.leave(one)).toBe(code.none)
  expect(coordinator.find('g')?.describe()).toEqual({
    state: 'Empty',
    protocolType: 'consumer',
    protocol: '',
    members: [],
  })
  timers.advance(keepEmptyMs - 1)
  expect((await join()).generation).toBe(5) // nobody left was generation 4
  timers.advance(1000 + keepEmptyMs - 1) // its session, first
  expect(coordinator.all()).toHaveLength(1)
  timers.advance(1)
  expect([coordinator.all(), timers.waiting]).toEqual([[], 0])
})

test('who was given an id joins with it, though everybody else has left meanwhile', async () => {
  const { coordinator, join, state } = setup()
  const leader = await join()
  const given = await join('', { idFirst: true })
  expect(coordinator.find('g')?.leave(leader.memberId)).toBe(code.none)
  expect(state()).toBe('Empty')
  expect(await join(given.memberId, { idFirst: true })).toMatchObject({ error: code.none, generation: 3 })
})

test('an empty group can be deleted, and is gone', async () => {
  const { timers, coordinator, join } = setup()
  const { memberId } = await join()
  expect(coordinator.delete('g')).toBe(code.nonEmptyGroup)
  coordinator.find('g')?.leave(memberId)
  expect([coordinator.delete('g'), coordinator.delete('g')]).toEqual([code.none, code.groupIdNotFound])
  expect(timers.waiting).toBe(0)
})

test('a client that can is given its id first, and joins with it in time or not at all', async () => {
  const { timers, coordinator, join } = setup()
  const given = await join('', { idFirst: true })
  expect(given.error).toBe(code.memberIdRequired)
  expect((await join(given.memberId, { idFirst: true })).error).toBe(code.none)
  const late = await join('', { idFirst: true })
  timers.advance(1000)
  expect((await join(late.memberId, { idFirst: true })).error).toBe(code.unknownMemberId)
  timers.advance(1000 + keepEmptyMs)
  expect(coordinator.all()).toEqual([])
})

test('members must share a protocol, and the one that most prefer is taken', async () => {
  const { join } = setup()
  const both = [protocol('sticky'), protocol('range')]
  const first = await join('', { protocols: both })
  expect(first.protocol).toBe('sticky')
  expect((await join('', { protocols: [protocol('other')] })).error).toBe(code.inconsistentGroupProtocol)
  expect((await join('', { protocolType: 'connect' })).error).toBe(code.inconsistentGroupProtocol)
  expect((await join('', { protocols: [] })).error).toBe(code.inconsistentGroupProtocol)
  const second = join('', { protocols: [protocol('range')] })
  expect((await join(first.memberId, { protocols: both })).protocol).toBe('range')
  expect((await second).protocol).toBe('range')
})

test('a join that is repeated because its answer was lost changes nothing', async () => {
  const { join, two, state } = await pair()
  expect(await join(two)).toMatchObject({ error: code.none, generation: 2, members: [] })
  expect(state()).toBe('Stable')
})

test('commits are taken from members of this generation, and from outside only while there are none', async () => {
  const { coordinator, join, one, two } = await pair()
  const commit = (id: string, generation: number) => {
    const answer = coordinator.commit('g', id, generation)
    return typeof answer === 'number' ? answer : code.none
  }
  expect(commit(one, 2)).toBe(code.none)
  expect(commit(one, 1)).toBe(code.illegalGeneration)
  expect(commit('stranger', 2)).toBe(code.unknownMemberId)
  expect(commit('', -1)).toBe(code.unknownMemberId)
  const rejoined = [join(one), join(two)]
  await Promise.all(rejoined)
  expect(commit(one, 3)).toBe(code.rebalanceInProgress)
  expect(typeof coordinator.commit('outsiders', '', -1)).toBe('object')
  expect(coordinator.commit('absent', 'member', 1)).toBe(code.illegalGeneration)
  expect(coordinator.commit('', '', -1)).toBe(code.invalidGroupId)
})

test('impossible requests are refused by their own codes', async () => {
  const { coordinator, join } = setup()
  expect((await join('stranger')).error).toBe(code.unknownMemberId)
  for (const sessionTimeoutMs of [0, 499, 1_800_001]) {
    const refused = { error: code.invalidSessionTimeout, memberId: '' }
    expect(await join('', { sessionTimeoutMs, idFirst: true })).toMatchObject(refused)
  }
  expect((await join('', { protocols: [] })).error).toBe(code.inconsistentGroupProtocol)
  expect(coordinator.all()).toEqual([])
  expect(coordinator.delete('g')).toBe(code.groupIdNotFound)
  await join()
  expect(coordinator.delete('g')).toBe(code.nonEmptyGroup)
})

test('closing answers all who wait and leaves no timer', async () => {
  const { timers, coordinator, join, one } = await pair()
  const waiting = join()
  await join('', { idFirst: true })
  expect(coordinator.find('g')?.state).toBe('PreparingRebalance')
  const repeated = join(one)
  coordinator.close()
  expect([(await waiting).error, (await repeated).error]).toEqual([code.unknownMemberId, code.unknownMemberId])
  expect(timers.waiting).toBe(0)
})
