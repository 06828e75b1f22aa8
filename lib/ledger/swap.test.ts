import { beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../clock.js'
import { emptyState, type LedgerState } from './state.js'
import { asideKey, itemKey, type LedgerItem, type LedgerStore, type Swap } from './store/index.js'
import { faulty, type ModelStore, modelStore } from './store.fixture.js'
import { type Change, compareAndSwap, type Decision, maxRounds } from './swap.js'

let store: ModelStore
let slept: number[]
let drawn: number
beforeEach(() => {
  store = modelStore()
  slept = []
  drawn = 0
})
const clock: Clock = {
  ...systemClock,
  random: () => 0.26,
  nonce: () => `n${drawn++}`,
  sleep: async (ms) => void slept.push(ms),
}

const key = (partition = 0) => itemKey('g', 't', partition)
const load = async (partition = 0) => (await store.load([key(partition)]))[0]
/** Delivered one more, told by the state that it met. */
const count = (facts: Partial<Change<string, string>> = {}): Change<string, string> => ({
  key: key(),
  known: undefined,
  decide: (state) => ({ write: { ...state, delivered: state.delivered + 1 }, info: `met ${state.delivered}` }),
  ...facts,
})
const swap = (changes: readonly Change<string, string>[], on: LedgerStore = store) =>
  compareAndSwap(on, clock, 'me', changes)
/** Somebody else's write. */
async function rival(delivered: number, partition = 0): Promise<LedgerItem> {
  const known = (await load(partition))?.version ?? 0
  const item = { version: known + 1, writeId: `rival ${delivered}`, state: { ...emptyState, delivered } }
  expect(await store.swap([{ key: key(partition), known, item }])).toEqual([{ kind: 'applied' }])
  return item
}
const callsOf = async (act: () => Promise<unknown>): Promise<number> => {
  const { calls } = store.usage
  await act()
  return store.usage.calls - calls
}
const lost = { kind: 'lost', cause: new Error('no answer') } as const
/** A store that does something before it serves a call of swap, counted from 0; where that comes to `lost`, nothing. */
function meddled(act: (call: number, swaps: readonly Swap[]) => Promise<unknown>): LedgerStore {
  let call = 0
  return {
    ...store,
    swap: async (swaps) => ((await act(call++, swaps)) === 'lost' ? swaps.map(() => lost) : store.swap(swaps)),
  }
}

describe('a change of an item', () => {
  it('meets the empty state where there is none, and writes version 1 under an id of its own', async () => {
    const [changed] = await swap([count()])
    const item = { version: 1, writeId: 'me.n0', state: { ...emptyState, delivered: 0 } }
    expect(changed).toEqual({ kind: 'written', item, info: 'met -1' })
    expect(await load()).toEqual(item)
  })

  it('meets the item that is there, and raises its version by one', async () => {
    await rival(7)
    expect(await swap([count()])).toMatchObject([{ info: 'met 7', item: { version: 2, state: { delivered: 8 } } }])
  })

  it('reads first, unless the item is known', async () => {
    const known = await rival(7)
    expect(await callsOf(() => swap([count()]))).toBe(2)
    const now = await load()
    expect(now?.version).toBe(2)
    expect(await callsOf(() => swap([count({ known: now })]))).toBe(1)
    expect(known.version).toBe(1)
  })

  it('that is not to be is stopped, with nothing written', async () => {
    await rival(7)
    const decide = ({ delivered }: LedgerState): Decision<string, string> => ({ stop: `not after ${delivered}` })
    expect(
      await callsOf(async () =>
        expect(await swap([count({ decide })])).toEqual([{ kind: 'stopped', stop: 'not after 7' }]),
      ),
    ).toBe(1)
    expect(await load()).toMatchObject({ version: 1 })
  })

  it('beside others goes in one call with them, and each has its own end, in order', async () => {
    await rival(7, 1)
    const known = await load(2)
    const changes = [
      count({ key: key(0) }),
      count({ key: key(1), decide: () => ({ stop: 'no' }) }),
      count({ key: key(2), known }),
    ]
    const calls = await callsOf(async () => {
      expect(await swap(changes)).toMatchObject([{ kind: 'written' }, { kind: 'stopped' }, { kind: 'written' }])
    })
    expect(calls).toBe(2)
  })

  it('of nothing costs nothing', async () => {
    expect(await callsOf(async () => expect(await swap([])).toEqual([]))).toBe(0)
  })
})

describe('a change that loses to a rival', () => {
  it.each([
    ['the item that came with the refusal', true, 0],
    ['what it reads, where none came', false, 1],
  ])('is decided anew on %s, at once', async (_, telling, reads) => {
    const known = await rival(1)
    await rival(5)
    const on = faulty(store, { telling })
    const { readUnits } = store.usage
    expect(await swap([count({ known })], on)).toMatchObject([{ info: 'met 5', item: { version: 3 } }])
    expect([store.usage.readUnits - readUnits, slept]).toEqual([reads, []])
  })

  it('is stopped where the rival leaves nothing to do', async () => {
    const known = await rival(1)
    await rival(5)
    const decide = (state: LedgerState): Decision<string, string> =>
      state.delivered === 5 ? { stop: 'done' } : { write: state, info: '' }
    expect(await swap([count({ known, decide })])).toEqual([{ kind: 'stopped', stop: 'done' }])
  })

  it('every time is undecided in the end, having waited longer from time to time; its neighbour is not held up', async () => {
    const on = meddled(async (call, swaps) => {
      if (swaps.some(({ key: { pk } }) => pk === key().pk)) await rival(call)
    })
    expect(await swap([count(), count({ key: key(1) })], on)).toMatchObject([
      { kind: 'undecided' },
      { kind: 'written', item: { version: 1 } },
    ])
    expect(await load(1)).toMatchObject({ version: 1 })
    expect((await load())?.version).toBe(maxRounds)
    // The second time at once, then after some of 80 milliseconds, of 160, and so on: full milliseconds.
    expect(slept).toEqual([21, 42, 84, 167, 333, 666])
  })
})

describe('a change whose answer is lost', () => {
  it('is known again by its write, and told what it met the first time', async () => {
    const [changed] = await swap([count()], faulty(store, { swaps: ['lost after'] }))
    expect(changed).toMatchObject({ kind: 'written', info: 'met -1', item: { version: 1, writeId: 'me.n0' } })
    expect(await load()).toMatchObject({ version: 1 })
  })

  it('and did not arrive is made again', async () => {
    const [changed] = await swap([count()], faulty(store, { swaps: ['lost before'] }))
    expect(changed).toMatchObject({ kind: 'written', info: 'met -1', item: { version: 1, writeId: 'me.n1' } })
  })

  it('and lands only after the next was sent is known all the same: nothing is written twice', async () => {
    let late: readonly Swap[] = []
    const on = meddled(async (call, swaps) => {
      if (call > 0) return store.swap(late)
      late = swaps
      return 'lost'
    })
    expect(await swap([count()], on)).toMatchObject([{ info: 'met -1', item: { version: 1, writeId: 'me.n0' } }])
    expect(await load()).toMatchObject({ version: 1, writeId: 'me.n0' })
  })

  it.each([
    ['before it could arrive', false],
    ['on top of it', true],
  ])('is decided anew on what a rival wrote %s', async (_, arrives) => {
    const on = meddled(async (call, swaps) => {
      if (call > 0) return
      if (arrives) await store.swap(swaps)
      await rival(9)
      return 'lost'
    })
    expect(await swap([count()], on)).toMatchObject([{ info: 'met 9', item: { state: { delivered: 10 } } }])
  })
})

describe('a state that is replaced for good', () => {
  const anew = (partition = 0): Change<string, string> =>
    count({
      key: key(partition),
      decide: ({ delivered }) => ({
        write: { ...emptyState, delivered: 0 },
        info: `put aside ${delivered}`,
        putAside: true,
      }),
    })
  const aside = async (version: number, partition = 0) => (await store.load([asideKey(key(partition), version)]))[0]

  it('is put aside under its version as it was, before the new one is written', async () => {
    const old = await rival(7)
    const asides: unknown[] = []
    const on = meddled(async (_, swaps) => asides.push(await aside(1), ...swaps.map(({ key: { sk } }) => sk)))
    expect(await swap([anew()], on)).toMatchObject([{ kind: 'written', info: 'put aside 7', item: { version: 2 } }])
    expect(asides).toEqual([undefined, asideKey(key(), 1).sk, old, 'ledger'])
    expect(await aside(1)).toEqual(old)
  })

  it('is found there by a repeat, which goes on', async () => {
    const old = await rival(7)
    await store.swap([{ key: asideKey(key(), 1), known: 0, item: old }])
    expect(await swap([anew()])).toMatchObject([{ kind: 'written', item: { version: 2 } }])
  })

  it('is nothing to be put aside where there was none', async () => {
    expect(await swap([anew()])).toMatchObject([{ kind: 'written', info: 'put aside -1' }])
    expect(await aside(0)).toBeUndefined()
  })

  it('is not replaced while it is not known to be put aside; others are not held up', async () => {
    await rival(7)
    const sent: string[][] = []
    const on = meddled(async (call, swaps) => {
      sent.push(swaps.map(({ key: { pk, sk } }) => `${pk} ${sk.slice(0, 6)}`))
      if (call === 0) return 'lost'
    })
    expect(await swap([anew(), count({ key: key(1) })], on)).toMatchObject([
      { kind: 'written', item: { version: 2 } },
      { kind: 'written', item: { version: 1 } },
    ])
    expect(sent).toEqual([['g#t#0 incarn'], ['g#t#1 ledger'], ['g#t#0 incarn'], ['g#t#0 ledger']])
  })

  it('is read again then: what is put aside in the end is what is replaced', async () => {
    await rival(7)
    const on = meddled(async (call) => {
      if (call > 0) return
      await rival(8)
      return 'lost'
    })
    expect(await swap([anew()], on)).toMatchObject([{ info: 'put aside 8', item: { version: 3 } }])
    expect(await aside(1)).toBeUndefined()
    expect(await aside(2)).toMatchObject({ state: { delivered: 8 } })
  })
})
