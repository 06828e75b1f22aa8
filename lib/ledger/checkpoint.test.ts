import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { encodeState } from './format/index.js'
import { openLedger } from './ledger.js'
import { checkpoint, type Disposition, maxIntervals, settle } from './settle.js'
import { openRecord, pending, rangesOf, settled, settlementOf, stateOf, t0, take, timeOf } from './state.fixture.js'
import type { LedgerState, Range } from './state.js'
import { dynamodbStore, itemKey } from './store/index.js'

const open = (offset: number): Disposition => ({ kind: 'open', entry: openRecord(offset) })
const lease = { leaseEnd: t0 + 30_000, marker: null }
const claimed = take(stateOf({}), [0, 1, 2, 3]).state
const half = settlementOf([
  [0, settled],
  [1, open(1)],
  [2, settled],
  [3, pending],
])

describe('a checkpoint', () => {
  it('records what is done so far, and keeps the claim with a new lease and marker', () => {
    const marker = { from: 3, to: 3, timestamp: timeOf(3) }
    const after = checkpoint(claimed, half, { leaseEnd: t0 + 30_000, marker })
    expect(rangesOf(after.settled)).toEqual([
      [0, 0],
      [2, 2],
    ])
    expect(after).toMatchObject({
      open: [{ offset: 1, attempts: 1 }],
      claim: { owner: 'me', leaseEnd: t0 + 30_000, inFlight: { from: 0, to: 3 }, marker },
    })
  })

  it('lasts, even if the batch fails after it: nothing that it settled comes undone', () => {
    const undecided = settlementOf([0, 1, 2, 3].map((offset) => [offset, pending]))
    const after = settle(checkpoint(claimed, half, lease), undecided)
    expect(rangesOf(after.settled)).toEqual([
      [0, 0],
      [2, 2],
    ])
    expect(after).toMatchObject({
      open: [{ offset: 1, attempts: 1 }],
      pending: [{ from: 3, to: 3 }],
      reported: [{ from: 0, to: 3 }],
      claim: null,
    })
  })

  it('lasts, even if the process dies after it: a successor runs the rest', () => {
    const after = take(checkpoint(claimed, half, lease), [0, 1, 2, 3], { owner: 'next', now: t0 + 30_000 })
    expect([...after.found.todo]).toEqual([1, 3])
    expect(after.state).toMatchObject({ open: [{ offset: 1, attempts: 1, deaths: 0 }], crashed: { from: 0, to: 3 } })
  })

  it('of nothing decided renews the lease and changes nothing else', () => {
    const undecided = settlementOf([0, 1, 2, 3].map((offset) => [offset, pending]))
    const after = checkpoint(claimed, undecided, lease)
    expect(after).toEqual({ ...claimed, claim: { ...claimed.claim, ...lease } })
  })
})

describe('evidence of a crash', () => {
  const evidence = (suspect: Range | null, dispositions: readonly (readonly [number, Disposition])[]) => {
    const offsets = dispositions.map(([offset]) => offset)
    const { state } = take(stateOf({ crashed: { from: 10, to: 19 }, suspect, delivered: 19 }), offsets)
    const { crashed, suspect: left } = checkpoint(state, settlementOf(dispositions, { deliveredBefore: 19 }), lease)
    return [crashed, left].map((range) => range && [range.from, range.to])
  }

  it.each<[string, readonly (readonly [number, Disposition])[], readonly unknown[]]>([
    [
      'is cleared up to the first record that is not decided',
      [
        [10, settled],
        [14, open(14)],
        [16, pending],
        [18, settled],
      ],
      [
        [16, 19],
        [16, 17],
      ],
    ],
    [
      'is cleared but for its last record, where that is not decided',
      [
        [10, settled],
        [19, pending],
      ],
      [[19, 19], null],
    ],
    [
      'stays as it is while its first record is not decided',
      [
        [10, pending],
        [14, settled],
        [19, settled],
      ],
      [
        [10, 19],
        [12, 17],
      ],
    ],
    [
      'stays as it is while one before it is not decided',
      [
        [2, pending],
        [10, settled],
        [19, settled],
      ],
      [
        [10, 19],
        [12, 17],
      ],
    ],
    [
      'stays as it is when other records are settled',
      [
        [2, settled],
        [5, settled],
      ],
      [
        [10, 19],
        [12, 17],
      ],
    ],
    [
      'leaves what the batch reaches beyond without bringing it',
      [
        [15, settled],
        [18, pending],
      ],
      [[18, 19], null],
    ],
    [
      'is cleared when all of it has failed or gone well',
      [
        [10, open(10)],
        [19, settled],
      ],
      [null, null],
    ],
    ['is dropped where a later batch goes on behind it', [[25, settled]], [null, null]],
  ])('%s', (_, dispositions, left) => {
    expect(evidence({ from: 12, to: 17 }, dispositions)).toEqual(left)
  })
})

/** Batches with a transaction marker's offset behind each, which no batch brings: a gap that nothing proves to be one. */
function withGaps(batches: number, size: number, from: number): LedgerState {
  let state = stateOf({ delivered: from - 1 })
  for (let batch = 0; batch < batches; batch++) {
    const start = from + batch * (size + 1)
    const ends = [start, start + size - 1]
    const taken = take(state, ends)
    const { deliveredBefore } = taken.found
    state = settle(
      taken.state,
      settlementOf(
        ends.map((offset) => [offset, settled]),
        { deliveredBefore },
      ),
    )
  }
  return state
}

describe('after a thousand batches with a gap behind each', () => {
  const sizes = { batches: 1_000, size: 500, from: 3_000_000_000 }
  const next = sizes.from + sizes.batches * (sizes.size + 1)
  const state = withGaps(sizes.batches, sizes.size, sizes.from)

  it('the item is under 1 KB, so that a batch still costs two write units [P-24]', () => {
    expect(state.settled).toHaveLength(maxIntervals)
    const last = { from: next - 501, to: next - 2 }
    expect(rangesOf(state.settled).at(-1)).toEqual([last.from, last.to])
    const { state: inFlight } = take(state, [next, next + 499], { owner: systemClock.nonce() })
    const names = 'a-consumer-group-with-a-long-name#and-a-topic-with-a-long-name#1234'
    const rest = `pk${names}skledgerv1234567w${systemClock.nonce()}.${systemClock.nonce()}s`
    expect(encodeState(inFlight).length + rest.length).toBeLessThan(1_024)
  })

  describe('on a real store', () => {
    let deployment: TestDeployment
    beforeAll(async () => {
      deployment = await testDeployment({ topic: 'none' })
    })
    afterAll(() => deployment.stop())

    it('a batch costs two write units, and no read [P-24]', async () => {
      const store = dynamodbStore(deployment.client, deployment.ledgerTable)
      const key = itemKey('a-consumer-group-with-a-long-name', 'and-a-topic-with-a-long-name', 1_234)
      await store.swap([{ key, known: 0, item: { version: 1, writeId: 'w', state } }])
      const clock = { ...systemClock, now: () => t0 }
      const group = 'a-consumer-group-with-a-long-name'
      const ledger = openLedger({ store, clock, group, leaseMs: 10_000, withholds: false })
      const units: number[][] = []
      for (const batch of [0, 1, 2]) {
        const from = next + batch * 501
        const records = Array.from({ length: 500 }, (_, i) => {
          const offset = from + i
          return { partition: 1_234, offset, timestamp: timeOf(offset), value: i }
        })
        const { partitions } = readBatch(kafkaEvent({ topic: 'and-a-topic-with-a-long-name', records }))
        const { writeUnits, readUnits } = ledger.usage
        const holder = { owner: clock.nonce(), deadline: Number.POSITIVE_INFINITY }
        const [claim] = await ledger.claim(partitions, holder)
        if (claim?.kind !== 'claimed') throw new Error('busy')
        const done = records.map(({ offset, timestamp }) => ({ offset, timestamp, disposition: settled }))
        await ledger.record([{ claimed: claim, records: done, abandoned: [], hold: null }], holder)
        units.push([ledger.usage.writeUnits - writeUnits, ledger.usage.readUnits - readUnits])
      }
      expect(units.map(([written]) => written)).toEqual([2, 2, 2])
      // What this environment has written itself it need not read.
      expect(units.slice(1).map(([, read]) => read)).toEqual([0, 0])
      const [item] = await store.load([key])
      expect(item?.state.settled).toHaveLength(maxIntervals)
    })
  })
})
