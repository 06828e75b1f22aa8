import { DeleteItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import { leaseMs, type RedriveTools } from './chunk.js'
import { chunksOf } from './chunks.js'
import { type Ground, startGround } from './failures.fixture.js'
import type { Outgoing, Redriver } from './producer.js'
import { type RedriveCounts, redriveAll } from './redrive.js'
import { type Seen, selection } from './select.js'
import { openFailures } from './table.js'

let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterEach(() => ground.clear())
afterAll(() => ground.stop())

/** A process that ends after so many calls: that call is answered no more, made or not, and none after it is made. */
function mortal(callsToLive: number, isMade: boolean) {
  let calls = 0
  const call = async <T>(make: () => Promise<T>): Promise<T> => {
    const dies = ++calls >= callsToLive
    if (!dies) return make()
    if (calls === callsToLive && isMade) await make()
    throw new Error('killed')
  }
  return { call, isDead: () => calls >= callsToLive }
}
const immortal = mortal(Number.POSITIVE_INFINITY, true)

interface Setting {
  readonly life?: ReturnType<typeof mortal>
  readonly clock?: Clock
  readonly log?: Outgoing[]
  readonly refuses?: (record: Outgoing) => boolean
  readonly settled?: boolean
  readonly onProduce?: () => Promise<void>
  /** Every write is answered to nobody, and made again, as the SDK does. */
  readonly losesAnswers?: boolean
}

async function toolsOf(setting: Setting): Promise<RedriveTools> {
  const { life = immortal, clock = systemClock, log = [], refuses = () => false, settled = false, onProduce } = setting
  const send = (command: never) =>
    life.call(async () => {
      const isWrite =
        (command as object) instanceof UpdateItemCommand || (command as object) instanceof DeleteItemCommand
      if (isWrite && setting.losesAnswers) await ground.client.send(command)
      return ground.client.send(command)
    })
  const client: DynamoDBClient = Object.assign(Object.create(ground.client), { send })
  const redriver: Redriver = {
    partitions: async () => 1,
    produce: (records) =>
      life.call(async () => {
        await onProduce?.()
        log.push(...records.filter((one) => !refuses(one)))
        return records.map((one) => (refuses(one) ? new MillraceError('ML_PRODUCE_FAILED', 'too large') : undefined))
      }),
    close: async () => undefined,
  }
  return {
    table: openFailures(client, ground.table, clock),
    redriver,
    readRecords: async () => new Map(),
    cameAfterAll: async () => (settled ? 'settled' : undefined),
    clock,
    owner: systemClock.nonce(),
    to: undefined,
    group: undefined,
    unread: () => undefined,
    dryRun: false,
  }
}

const never = new AbortController().signal
async function redrive(
  setting: Setting,
  pace: { readonly ratePerSecond?: number; readonly signal?: AbortSignal } = {},
  counts?: RedriveCounts,
) {
  const tools = await toolsOf(setting)
  const { seen } = await selection(tools.table, { ids: [] }, 0)
  const progress = { at: () => undefined, end: () => undefined }
  const { ratePerSecond, signal = never } = pace
  return redriveAll(seen, tools, { ratePerSecond, signal, progress, onFate: () => undefined }, counts)
}
const values = (log: readonly Outgoing[]) => log.map(({ value }) => String(value).slice(0, 5)).sort()

const large = 'large'.repeat(72_000)
const specs = [
  { value: 'a', offset: 1 },
  { value: large, offset: 2 },
  { value: 'b', offset: 3 },
]

describe('a redrive that is killed', () => {
  const later = { ...systemClock, now: () => Date.now() + leaseMs + 1 }

  it('at any call, made or not, and run again produces each record and empties the table [P-08] [R-44]', async () => {
    let deaths = 0
    for (const isMade of [false, true]) {
      for (let calls = 1; ; calls++) {
        await ground.give('orders', specs)
        const [life, log] = [mortal(calls, isMade), [] as Outgoing[]]
        await redrive({ life, log }).catch((error) => expect(String(error)).toContain('killed'))
        if (!life.isDead()) break
        deaths++
        const counts = await redrive({ log, clock: later })
        expect(counts).toMatchObject({ refused: 0, skipped: 0 })
        expect(new Set(values(log)), `killed at call ${calls}`).toEqual(new Set(['a', 'b', 'large']))
        expect(await ground.left(), `killed at call ${calls}`).toEqual([])
      }
    }
    // Three claims, a query, the produce, a mark, two pieces and three ends, twice, and more.
    expect(deaths).toBeGreaterThan(20)
  })

  it('after Kafka had it all produces nothing again where the table knows of it', async () => {
    await ground.give('orders', specs.slice(1, 2))
    // Scan, claim, query, produce and mark: then the pieces are deleted.
    const log: Outgoing[] = []
    await expect(redrive({ life: mortal(6, false), log })).rejects.toThrow('killed')
    expect(log).toHaveLength(1)
    expect(await redrive({ log, clock: later })).toMatchObject({ redriven: 0, finished: 1 })
    expect([log.length, await ground.left()]).toEqual([1, []])
  })
})

describe('a redrive', () => {
  it('leaves what was written anew while it was redriven', async () => {
    await ground.give('orders', [{ value: 'old', offset: 1 }])
    const log: Outgoing[] = []
    const onProduce = async () => void (await ground.give('orders', [{ value: 'new', offset: 1 }], { lastSeen: 9 }))
    expect(await redrive({ log, onProduce })).toMatchObject({ redriven: 0, refused: 1 })
    expect(await ground.left()).toHaveLength(1)
    expect(await redrive({ log })).toMatchObject({ redriven: 1 })
    expect(values(log)).toEqual(['new', 'old'])
  })

  it('of two at once produces each record once or more, and refuses one of them what the other has', async () => {
    await ground.give('orders', specs)
    const log: Outgoing[] = []
    const counts = await Promise.all([redrive({ log }), redrive({ log })])
    expect(counts.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(3)
    expect(values(log)).toEqual(['a', 'b', 'large'])
    expect(await ground.left()).toEqual([])
  })

  it('gives back what Kafka refused, and goes on with the others', async () => {
    await ground.give('orders', specs)
    const log: Outgoing[] = []
    const refuses = ({ value }: Outgoing) => String(value) === 'b'
    expect(await redrive({ log, refuses })).toMatchObject({ redriven: 2, refused: 1 })
    expect(values(log)).toEqual(['a', 'large'])
    // At once, without waiting for a lease.
    expect(await redrive({ log })).toMatchObject({ redriven: 1, refused: 0 })
  })

  it('that finds Kafka gone fails, and has given back what it had in hand', async () => {
    await ground.give('orders', specs)
    const onProduce = () => Promise.reject(new MillraceError('ML_KAFKA_UNREACHABLE', 'gone'))
    await expect(redrive({ onProduce })).rejects.toThrow('ML_KAFKA_UNREACHABLE')
    const log: Outgoing[] = []
    expect(await redrive({ log })).toMatchObject({ redriven: 3, refused: 0 })
  })

  it('that fails on its way tells what was redriven by then', async () => {
    await ground.give('orders', specs)
    let produced = 0
    const onProduce = async () => {
      if (++produced === 3) throw new MillraceError('ML_KAFKA_UNREACHABLE', 'gone')
    }
    const counts = { redriven: 0, finished: 0, skipped: 0, refused: 0 }
    const clock = { ...systemClock, sleep: async () => undefined }
    await expect(redrive({ onProduce, clock }, { ratePerSecond: 4 }, counts)).rejects.toThrow('ML_KAFKA_UNREACHABLE')
    expect(counts).toMatchObject({ redriven: 2, refused: 0 })
  })

  it('knows its own hand where answers of the table were lost, and its calls made again', async () => {
    await ground.give('orders', specs)
    const log: Outgoing[] = []
    expect(await redrive({ log, losesAnswers: true })).toMatchObject({ redriven: 3, refused: 0 })
    expect([values(log), await ground.left()]).toEqual([['a', 'b', 'large'], []])
  })

  it('leaves alone what Lambda brought after all, and the ledger has as settled', async () => {
    await ground.abandon([{ topic: 'orders', partition: 0, offset: 4, timestamp: 1, attempts: 1, firstSeen: 1 }])
    expect(await redrive({ settled: true })).toMatchObject({ skipped: 1, redriven: 0 })
    expect(await ground.left()).toHaveLength(1)
  })

  it('has no more in hand at a time than memory takes: of large ones fewer, and no more than its rate asks for', () => {
    const seen = (count: number, pieces: number, hasBytes = true): Seen[] =>
      Array.from({ length: count }, (_, i) => {
        const head = { pieces: { N: String(pieces) }, ...(hasBytes && { sha256: { S: 'x' } }) }
        return { id: `t:0:${i}`, group: 'g', key: { pk: 'g#t#0', sk: String(i) }, head }
      })
    const sizes = (all: readonly Seen[], rate = Number.POSITIVE_INFINITY) =>
      [...chunksOf(all, rate)].map(({ length }) => length)
    expect(sizes(seen(250, 0))).toEqual([100, 100, 50])
    expect(sizes(seen(20, 2))).toEqual([7, 7, 6])
    expect(sizes(seen(2, 50))).toEqual([1, 1])
    expect(sizes([...seen(3, 0, false), ...seen(2, 0)])).toEqual([2, 3])
    expect(sizes(seen(3, 0), 8.5)).toEqual([2, 1])
    expect(sizes(seen(3, 0), 0.1)).toEqual([1, 1, 1])
    expect(sizes([])).toEqual([])
  })

  it('keeps to its rate, and when it is stopped leaves the rest as it was', async () => {
    await ground.give(
      'orders',
      Array.from({ length: 10 }, (_, offset) => ({ value: String(offset), offset })),
    )
    let now = 0
    const waits: number[] = []
    const stop = new AbortController()
    const clock: Clock = {
      ...systemClock,
      now: () => now,
      sleep: async (ms) => {
        waits.push(ms)
        now += ms
        if (now >= 2_000) stop.abort()
      },
    }
    const log: Outgoing[] = []
    expect(await redrive({ clock, log }, { ratePerSecond: 2.5, signal: stop.signal })).toMatchObject({ redriven: 5 })
    expect(waits).toEqual([400, 400, 400, 400, 400])
    expect([log.length, (await ground.left()).length]).toEqual([5, 5])
  })
})
