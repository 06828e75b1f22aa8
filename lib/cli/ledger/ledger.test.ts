import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.js'
import { readBatch } from '../../event/index.js'
import { captureLogs } from '../../function/logs.fixture.js'
import { hold, kafkaFunction, retry, text } from '../../index.js'
import { dynamodbStore, openLedger } from '../../ledger/index.js'
import { invoke, kafkaEvent, type RecordSpec } from '../../testing/index.js'
import { type Ground, run, startGround } from '../failures/failures.fixture.js'
import { noteLocalRun } from '../target/index.js'
import type { CommonOptions } from '../voice.js'
import { commands } from './index.js'
import type { SourceOptions } from './options.js'

let ground: Ground
captureLogs()
beforeAll(async () => {
  ground = await startGround()
})
afterAll(() => ground.stop())
let topic = ''
let topics = 0
beforeEach(() => {
  topic = `ledger${topics++}`
})

const show = (options: Partial<SourceOptions & CommonOptions> = {}) =>
  run(commands.show, { ...ground.options, ledgerTable: ground.ledgerTable, json: true, ...options })

/** Delivers records to a function that fails or holds what says so; a record behind one that failed is not started. */
async function deliver(group: string, ...records: RecordSpec[]): Promise<void> {
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses: true, withholds: false }])
  const handler = kafkaFunction({ value: text(), order: 'partition' }, ({ value }) => {
    if (value === 'fails') return retry('not now')
    return value === 'waits' ? hold({ reason: 'the shop is closed', forMs: 3_600_000 }) : undefined
  })
  await invoke(handler, kafkaEvent({ topic, records }))
}

describe('millrace ledger show', () => {
  it('says of each source partition what is settled, and why what is not waits', async () => {
    await deliver('g', { value: 'a' }, { value: 'b' }, { value: 'fails' }, { value: 'c' }, { value: 'd', partition: 1 })
    const { code, of } = await show({ group: 'g', topic })
    expect(code).toBe(1)
    expect(of('source')).toEqual([
      expect.objectContaining({
        ...{ group: 'g', topic, partition: 0, frontier: 2, delivered: 3, claim: null, crashed: null },
        settled: [{ from: 0, to: 1 }],
        open: [expect.objectContaining({ offset: 2, attempts: 1, convicted: false, givenUp: false })],
        pending: [{ from: 3, to: 3 }],
        incarnation: { born: expect.any(Number), former: 0 },
      }),
      expect.objectContaining({ partition: 1, frontier: 1, settled: [{ from: 0, to: 0 }], open: [], pending: [] }),
    ])
    expect(of('shown')).toEqual([{ event: 'shown', count: 2, waiting: 1, interrupted: false }])
  })

  it('tells people the same, a row for each and a line for each record that waits', async () => {
    await deliver('g', { value: 'a' }, { value: 'waits' }, { value: 'c' })
    const { text } = await show({ group: 'g', topic, json: false })
    expect(text).toMatch(/^GROUP +TOPIC +PARTITION +SETTLED +OPEN +PENDING +CRASHED +CLAIM\n/)
    expect(text).toMatch(new RegExp(`\\ng +${topic} +0 +to 0 +1 +1 +- +-\\n`))
    expect(text).toMatch(
      /\n {2}open 1: 0 failed attempts, held 1 time, not before 20\d\d-.*Z, since 20\d\d-.*Z\n {2}pending: 2\n/,
    )
  })

  it('keeps its columns under their heads, however long a name is', async () => {
    const group = 'a-group-with-a-long-name'
    await deliver(group, { value: 'a' })
    const [head = '', row = ''] = (await show({ group, topic, json: false })).text.split('\n')
    expect(row.indexOf(topic)).toBe(head.indexOf('TOPIC'))
    expect(row.indexOf('to 0')).toBe(head.indexOf('SETTLED'))
  })

  it('shows who has a source partition, and who died with it', async () => {
    const store = dynamodbStore(ground.client, ground.ledgerTable)
    const batch = readBatch(kafkaEvent({ topic, records: [{ value: 'a' }, { value: 'b' }] }))
    const claimAt = async (now: number, owner: string) => {
      const ledger = openLedger({
        store,
        clock: { ...systemClock, now: () => now },
        group: 'g',
        leaseMs: 10_000,
        withholds: false,
      })
      await ledger.claim(batch.partitions, { owner, deadline: now + 60_000 })
    }
    await claimAt(Date.now() - 60_000, 'dead')
    const died = await show({ group: 'g', topic })
    expect(died.of('source')[0]).toMatchObject({ claim: { owner: 'dead', live: false, inFlight: { from: 0, to: 1 } } })
    expect(died.code).toBe(1)
    await claimAt(Date.now(), 'alive')
    expect((await show({ group: 'g', topic })).of('source')[0]).toMatchObject({
      ...{ frontier: 0, crashed: { from: 0, to: 1 } },
      claim: { owner: 'alive', live: true },
    })
  })

  it('keeps two groups of one topic apart, each with its own ledger [R-15 partly]', async () => {
    await deliver('one', { value: 'a' }, { value: 'fails' })
    await deliver('two', { value: 'a' })
    const { of } = await show({ topic })
    expect(of('source')).toEqual([
      expect.objectContaining({ group: 'one', frontier: 1, open: [expect.objectContaining({ offset: 1 })] }),
      expect.objectContaining({ group: 'two', frontier: 1, open: [] }),
    ])
  })

  it('says that a topic was made anew', async () => {
    await deliver('g', { value: 'a', timestamp: 1_700_000_000_000 })
    await deliver('g', { value: 'b', timestamp: 1_800_000_000_000 - 1 })
    const { of } = await show({ group: 'g', topic })
    expect(of('source')[0]).toMatchObject({ incarnation: { former: 1 } })
  })

  it('shows one partition where one is meant, also far above the others', async () => {
    await deliver('g', { value: 'a', partition: 250 })
    expect((await show({ group: 'g', topic })).of('source')).toEqual([])
    expect((await show({ group: 'g', topic, partition: 250 })).of('source')).toHaveLength(1)
  })

  it('finds the functions of the service that runs in this folder, and what they read', async () => {
    await deliver('one', { value: 'a' })
    await deliver('two', { value: 'a' })
    const dir = mkdtempSync(join(tmpdir(), 'millrace-ledger-'))
    const { endpoint: dynamodbUrl, brokers } = ground.options
    const told = (name: string, group: string) => ({
      name,
      deployed: `shop-dev-${name}`,
      topic,
      group,
      brokers: [brokers],
    })
    noteLocalRun(dir, {
      ...{
        pid: process.pid,
        dynamodbUrl,
        brokers: [brokers],
        ledgerTable: ground.ledgerTable,
        failuresTable: ground.table,
      },
      functions: [told('orders', 'one'), told('bills', 'two')],
    })
    const home = process.cwd()
    process.chdir(dir)
    try {
      const groupsOf = async (options: SourceOptions) =>
        (await run(commands.show, { ...options, json: true })).of('source').map(({ group }) => group)
      expect(await groupsOf({})).toEqual(['one', 'two'])
      expect(await groupsOf({ function: 'bills' })).toEqual(['two'])
      expect(await groupsOf({ function: 'shop-dev-orders' })).toEqual(['one'])
      await expect(groupsOf({ function: 'nobody' })).rejects.toThrow(
        /ML_USAGE: millrace dev has no function nobody.*orders, bills/,
      )
    } finally {
      process.chdir(home)
      rmSync(dir, { recursive: true })
    }
  })

  it('has an error where no stack names the function', async () => {
    await expect(show({ function: 'orders' })).rejects.toThrow(/ML_USAGE: .*has no function orders/)
  })
})

describe('millrace ledger abandoned', () => {
  it('lists what Lambda went on without, and whether it was settled since', async () => {
    const gone = { topic, partition: 0, timestamp: 1_700_000_000_001, attempts: 2, firstSeen: Date.now() }
    await ground.clear()
    await ground.abandon([
      // Of a topic that was there before this one: what is settled has its offset, and is another.
      { ...gone, offset: 0, timestamp: 5, firstSeen: 5 },
      { ...gone, offset: 1 },
      { ...gone, offset: 7 },
    ])
    await ground.give(topic, [{ value: 'x', offset: 3 }])
    await deliver('g', { value: 'a' }, { value: 'b' })
    const options = { ...ground.options, ledgerTable: ground.ledgerTable, json: true, topic }
    const { code, of } = await run(commands.abandoned, options)
    expect(of('abandoned').map(({ offset, settled }) => [offset, settled])).toEqual([
      [0, false],
      [1, true],
      [7, false],
    ])
    expect(of('listed')).toEqual([{ event: 'listed', count: 3, left: 2, interrupted: false }])
    expect(code).toBe(1)
    expect((await run(commands.abandoned, { ...options, partition: 1 })).code).toBe(0)
  })
})
