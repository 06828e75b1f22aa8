import { BatchExecuteStatementCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { deliver, environment, type Spec } from './dedupe.fixture.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())

/** A gate, and whether somebody stands at it. */
function gate() {
  let [open, arrive] = [() => {}, () => {}]
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  return { opened, open, reached, arrive }
}

/** A client that sends its writes of keys only after `before`; the claims are the first call. */
function pausing(client: DynamoDBClient, before: (command: BatchExecuteStatementCommand, nth: number) => unknown) {
  let calls = 0
  const send = async (command: BatchExecuteStatementCommand) => {
    const isKeys =
      command instanceof BatchExecuteStatementCommand &&
      command.input.Statements?.some(({ Parameters = [] }) => Parameters.some(({ S }) => S?.includes('#key#')))
    return (isKeys && (await before(command, ++calls))) || client.send(command)
  }
  return Object.assign(Object.create(client), { send })
}

const p0: Spec[] = [
  [0, 0, 'b'],
  [0, 1, 'a'],
]
const p1: Spec[] = [
  [1, 0, 'a'],
  [1, 1, 'b'],
]

describe('lanes that have each other’s keys', () => {
  it.each(['gave its records back', 'died'])('go on where one of them %s', async (end) => {
    const env = environment(deployment, 'group')
    const between = gate()
    // DynamoDB may apply the statements of one call in any order, others between them.
    const splitting = pausing(deployment.client, async ({ input }, nth) => {
      if (nth > 1) return undefined
      const one = (i: number) =>
        deployment.client.send(
          new BatchExecuteStatementCommand({ ...input, Statements: input.Statements?.slice(i, i + 1) ?? [] }),
        )
      const second = await one(1)
      between.arrive()
      await between.opened
      const first = await one(0)
      return { ...first, Responses: [...(first.Responses ?? []), ...(second.Responses ?? [])] }
    })
    const { dedupe } = env.open(splitting)
    const slow = deliver({ ...env, dedupe }, ...p0)
    await between.reached
    const other = await deliver(env.open(), ...p1)
    expect(other.told).toEqual({ '1:0': 'reported', '1:1': 'first' })
    // Its lane stops at the first record: the second one, whose key it has, was never started.
    if (end !== 'died') await other.leave([], [])
    between.open()
    const { told, leave } = await slow
    expect(told).toEqual({ '0:0': end === 'died' ? 'reported' : 'first', '0:1': 'first' })
    if (end === 'died') {
      // Both have died; then each comes again, a part of its batch only.
      env.time.now += 10_000
      const other = await deliver(env.open(), [1, 0, 'a'])
      expect(other.told).toEqual({ '1:0': 'reported' })
      await other.leave([], [])
      expect((await deliver(env.open(), [0, 0, 'b'])).told).toEqual({ '0:0': 'first' })
    } else await leave(['0:0', '0:1'], [])
  })

  it('go on when they come together', async () => {
    const env = environment(deployment, 'group')
    await (await deliver(env, [0, 1, 'a'], [1, 1, 'b'])).leave([], [])
    const { told } = await deliver(env.open(), ...p0, ...p1)
    // Nothing waits for what stands behind it, even where duplicates stop their lanes.
    expect(told).toEqual({ '0:0': 'first', '0:1': 'first', '1:0': 'same batch', '1:1': 'same batch' })
  })

  it('do not change the owner that has failed, but for a record before it', async () => {
    const env = environment(deployment, 'group')
    await (await deliver(env, [1, 1, 'a'])).leave([], ['1:1'])
    const elsewhere = await deliver(env, [0, 0, 'a'])
    expect(elsewhere.told).toEqual({ '0:0': 'reported' })
    await elsewhere.leave([], [])
    const { told } = await deliver(env, [0, 0, 'a'], [1, 0, 'a'], [1, 1, 'a'])
    expect(told).toEqual({ '0:0': 'same batch', '1:0': 'first', '1:1': 'same batch' })
  })

  it('leave the key to the record before, in the scope partition', async () => {
    const env = environment(deployment, 'partition')
    await (await deliver(env, [0, 5, 'a'])).leave([], [])
    const { told, leave } = await deliver(env.open(), [0, 4, 'a'])
    expect(told).toEqual({ '0:4': 'first' })
    await leave(['0:4'], [])
    expect((await deliver(env, [0, 5, 'a'])).told).toEqual({ '0:5': 'settled' })
  })
})

describe('a key that is taken from an owner that waits', () => {
  it.each(['the owner', 'its duplicate'])('is run by one of two at once: by %s, who wrote first', async (winner) => {
    const env = environment(deployment, 'group')
    await (await deliver(env, [0, 0, 'a'])).leave([], [])
    // Each has found the entry by its first write, and is about to make its second.
    const held = () => {
      const one = gate()
      const client = pausing(deployment.client, async (_, nth) => {
        if (nth !== 2) return
        one.arrive()
        await one.opened
      })
      return { one, using: { ...env, dedupe: env.open(client).dedupe } }
    }
    const [first, second] = [held(), held()]
    const duplicate = deliver(first.using, [1, 0, 'a'])
    await first.one.reached
    const owner = deliver(second.using, [0, 0, 'a'])
    await second.one.reached
    const inTurn = [
      { gate: second.one, delivery: owner },
      { gate: first.one, delivery: duplicate },
    ]
    for (const { gate, delivery } of winner === 'the owner' ? inTurn : inTurn.toReversed()) {
      gate.open()
      await delivery
    }
    const told = { ...(await owner).told, ...(await duplicate).told }
    const expected = winner === 'the owner' ? ['first', 'reported'] : ['reported', 'first']
    expect([told['0:0'], told['1:0']]).toEqual(expected)
  })
})
