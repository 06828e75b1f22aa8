import { describe, expect, it } from 'vitest'
import { checkpoint, type Disposition, settle } from './settle.js'
import { openRecord, pending, rangesOf, settled, settlementOf, stateOf, t0, take, timeOf } from './state.fixture.js'
import type { Range } from './state.js'

const open = (offset: number): Disposition => ({ kind: 'open', entry: openRecord(offset) })
const lease = { leaseEnd: t0 + 30_000, marker: null }
const claim = () => take(stateOf({}), [0, 1, 2, 3]).state
const half = settlementOf([
  [0, settled],
  [1, open(1)],
  [2, settled],
  [3, pending],
])

describe('a checkpoint', () => {
  it('records what is done so far, and keeps the claim with a new lease and marker', () => {
    const marker = { from: 3, to: 3, timestamp: timeOf(3) }
    const after = checkpoint(claim(), half, { leaseEnd: t0 + 30_000, marker })
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
    const after = settle(checkpoint(claim(), half, lease), undecided)
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

  it('in the middle of a batch in many pieces forgets nothing of what was settled before it', () => {
    const before = settle(
      take(stateOf({}), [0, 99]).state,
      settlementOf([
        [0, settled],
        [99, settled],
      ]),
    )
    const batch = Array.from({ length: 200 }, (_, i) => 100 + i)
    const inPieces = settlementOf(
      batch.map((offset) => [offset, offset % 2 === 1 ? settled : pending]),
      { deliveredBefore: 99 },
    )
    const after = checkpoint(take(before, batch).state, inPieces, lease)
    expect(rangesOf(after.settled)).toHaveLength(101)
    const whole = settlementOf(
      batch.map((offset) => [offset, settled]),
      { deliveredBefore: 99 },
    )
    expect(rangesOf(settle(after, whole).settled)).toEqual([[0, 299]])
  })

  it('lasts, even if the process dies after it: a successor runs the rest', () => {
    const after = take(checkpoint(claim(), half, lease), [0, 1, 2, 3], { owner: 'next', now: t0 + 30_000 })
    expect([...after.found.todo]).toEqual([1, 3])
    expect(after.state).toMatchObject({ open: [{ offset: 1, attempts: 1, deaths: 0 }], crashed: { from: 0, to: 3 } })
  })

  it('of nothing decided renews the lease and changes nothing else', () => {
    const undecided = settlementOf([0, 1, 2, 3].map((offset) => [offset, pending]))
    const after = checkpoint(claim(), undecided, lease)
    expect(after).toEqual({ ...claim(), claim: { ...claim().claim, ...lease } })
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
