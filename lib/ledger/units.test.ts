import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { encodeState } from './format/index.js'
import { granted, holder, partitionsOf, settleAll } from './ledger.fixture.js'
import { openLedger } from './ledger.js'
import { maxIntervals, settle } from './settle.js'
import { rangesOf, settled, settlementOf, stateOf, t0, take, timeOf } from './state.fixture.js'
import type { LedgerState } from './state.js'
import { dynamodbStore, itemKey } from './store/index.js'

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
        const { writeUnits, readUnits } = ledger.usage
        const owner = clock.nonce()
        const claims = await ledger.claim(partitionsOf('and-a-topic-with-a-long-name', records), holder(owner))
        expect(await settleAll(ledger, claims.map(granted), owner)).toEqual(['written'])
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
