import { describe, expect, it } from 'vitest'
import { readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { lanesOf, runLanes } from './lanes.js'

const records = (keys: readonly (string | null)[]) =>
  readBatch(kafkaEvent({ topic: 't', records: keys.map((key) => ({ key })) })).partitions[0]?.records ?? []
const offsets = (lanes: readonly (readonly { offset: number }[])[]) =>
  lanes.map((lane) => lane.map(({ offset }) => offset))

/** Promises that a test resolves itself, to hold records where it wants them. */
function gates() {
  const open = new Map<number, () => void>()
  return {
    started: open,
    wait: (offset: number) => new Promise<void>((resolve) => open.set(offset, resolve)),
    release: (offset: number) => open.get(offset)?.(),
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('lanes', () => {
  it('are one per partition, one per key with the keyless together, or one per record', () => {
    const list = records(['a', 'b', null, 'a', null, ''])
    expect(offsets(lanesOf(list, 'partition'))).toEqual([[0, 1, 2, 3, 4, 5]])
    expect(offsets(lanesOf(list, 'key'))).toEqual([[0, 3], [1], [2, 4], [5]])
    expect(offsets(lanesOf(list, 'none'))).toEqual([[0], [1], [2], [3], [4], [5]])
    expect(lanesOf([], 'partition')).toEqual([])
  })

  it('run side by side up to the limit, each in its order (PEERS, defect 9)', async () => {
    const { started, wait, release } = gates()
    const lanes = lanesOf(records(['a', 'b', 'c', 'a', 'b']), 'key')
    const done = runLanes(lanes, 2, async (lane) => {
      for (const { offset } of lane) await wait(offset)
    })
    await turn()
    expect([...started.keys()]).toEqual([0, 1])
    release(1)
    await turn()
    expect([...started.keys()]).toEqual([0, 1, 4])
    release(0)
    release(4)
    await turn()
    expect([...started.keys()]).toEqual([0, 1, 4, 3, 2])
    release(3)
    release(2)
    await done
  })
})
