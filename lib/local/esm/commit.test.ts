import type { Consumer } from 'kafkajs'
import { expect, it, vi } from 'vitest'
import type { HistoryEntry } from './history.js'
import { kafkaClient } from './kafka.js'
import { broker, committed, config, numbered, ok, produce } from './mapping.fixture.js'
import { startPoller } from './poller.js'
import { deliveryOf } from './rules.js'
import { readSwitches } from './switches.js'

/** A poller with batches of one record, whose commits wait at a gate before they go to the broker. */
async function gatedPoller(records: number) {
  const on = await broker({ defaultPartitions: 1 })
  await produce(on, numbered(records))
  const brokers = [on.address]
  const gate = { asked: [] as string[], passed: 0, waiting: [] as (() => void)[], left: false }
  const kafka = kafkaClient('gated', brokers, () => undefined)
  const consumerOf = kafka.consumer.bind(kafka)
  kafka.consumer = (settings): Consumer => {
    const consumer = consumerOf(settings)
    const commitOffsets: Consumer['commitOffsets'] = async (offsets) => {
      gate.asked.push(...offsets.map(({ offset }) => offset))
      await new Promise<void>((pass) => gate.waiting.push(pass))
      gate.passed++
      await consumer.commitOffsets(offsets)
    }
    const disconnect = (): Promise<void> => {
      gate.left = true
      return consumer.disconnect()
    }
    return { ...consumer, commitOffsets, disconnect }
  }
  /** How many commits had passed when each invocation began. */
  const invoked: number[] = []
  const history: HistoryEntry[] = []
  const invoke = async () => {
    invoked.push(gate.passed)
    return ok()
  }
  const of = config({ batchSize: 1, batchingWindowMs: 0 })
  const onFailure = vi.fn()
  const poller = await startPoller({
    ...deliveryOf(of, { brokers, invoke, switches: readSwitches() }, () => undefined, history),
    kafka,
    destination: undefined,
    starts: new Map(),
    consumer: {},
    heldUntil: () => 0,
    poller: 'gated/1',
    log: () => undefined,
    onFailure,
    onError: onFailure,
  })
  const open = async (): Promise<void> => {
    await vi.waitFor(() => expect(gate.waiting).not.toEqual([]))
    gate.waiting.shift()?.()
  }
  return { on, gate, open, poller, invoked, onFailure }
}

it('runs one batch while the commit of the last one travels, and settles no other before it has come', async () => {
  const { on, gate, open, poller, invoked, onFailure } = await gatedPoller(4)
  await vi.waitFor(() => expect(invoked).toEqual([0, 0]))
  expect(gate.asked).toEqual(['1'])
  await open()
  await vi.waitFor(() => expect(invoked).toEqual([0, 0, 1]))
  expect(gate.asked).toEqual(['1', '2'])
  for (let commits = 0; commits < 3; commits++) await open()
  await vi.waitFor(async () => expect(await committed(on)).toEqual({ 0: 4 }))
  expect(gate.asked).toEqual(['1', '2', '3', '4'])
  await poller.stop()
  expect(onFailure).not.toHaveBeenCalled()
})

it('does not leave the group before its last commit has come', async () => {
  const { on, gate, open, poller } = await gatedPoller(1)
  await vi.waitFor(() => expect(gate.asked).toEqual(['1']))
  const stopped = poller.stop()
  await new Promise(setImmediate)
  expect(gate.left).toBe(false)
  await open()
  await stopped
  expect(await committed(on)).toEqual({ 0: 1 })
})
