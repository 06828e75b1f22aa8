import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { captureLogs } from '../../function/logs.fixture.js'
import { drop, hold, kafkaFunction, text } from '../../index.js'
import { latch } from '../../local/esm/mapping.fixture.js'
import { run } from '../failures/failures.fixture.js'
import type { CommonOptions } from '../voice.js'
import { commands } from './index.js'
import { type Local, startLocal } from './operations.fixture.js'
import type { DrainOptions, PauseOptions, StatusOptions } from './options.js'

captureLogs()
let local: Local
beforeEach(async () => {
  local = await startLocal()
})
afterEach(() => local.stop())

const status = (options: StatusOptions & CommonOptions = {}) => run(commands.status, { json: true, ...options })
const pause = (options: PauseOptions & CommonOptions = {}, signal?: AbortSignal) =>
  run(commands.pause, { json: true, timeout: 20, ...options }, signal)
const resume = (names: readonly string[] = []) => run(commands.resume, { json: true, timeout: 20, names })
const drain = (options: DrainOptions & CommonOptions = {}, signal?: AbortSignal) =>
  run(commands.drain, { json: true, timeout: 20, ...options }, signal)

/** Made in each test: a function keeps the store that it began with. */
const nothing = () => kafkaFunction({ value: text() }, () => {})

/** A function whose records wait until its gate opens. */
function gated() {
  const [begun, gate] = [latch(), latch()]
  const handler = kafkaFunction({ value: text() }, async () => {
    begun.open()
    await gate.opened
  })
  return { begun, gate, handler }
}

describe('millrace pause and resume', () => {
  it('stop all mappings, or those of the names, and have them go on where they were', async () => {
    const orders = await local.add('orders', nothing())
    await local.add('bills', nothing())
    const one = await pause({ names: ['orders'] })
    expect(one.of('paused')).toEqual([
      expect.objectContaining({ function: 'orders', topic: 'orders', state: 'Disabled', before: false, ok: true }),
    ])
    expect(one.code).toBe(0)
    await local.produce('orders', [{ value: 'a' }])
    const all = await pause({ names: ['shop-dev-orders', 'bills'] })
    expect(
      all
        .of('paused')
        .map(({ function: name, before }) => [name, before])
        .sort(),
    ).toEqual([
      ['bills', false],
      ['orders', true],
    ])
    expect(orders.history).toEqual([])
    const back = await resume()
    expect(back.of('summary')).toEqual([{ event: 'summary', count: 2, done: 2, interrupted: false }])
    await orders.idle()
    expect(orders.history).toHaveLength(1)
    expect((await resume(['bills'])).of('resumed')[0]).toMatchObject({ before: true, state: 'Enabled' })
  })

  it('take a name for the function that has it, and for a topic only where none has', async () => {
    await local.add('orders', nothing())
    await local.add('audit', nothing(), { topic: 'orders' })
    const paused = async (...names: string[]) => (await pause({ names })).of('paused').map(({ function: name }) => name)
    expect(await paused('orders')).toEqual(['orders'])
    expect(await paused('audit/orders')).toEqual(['audit'])
    await expect(pause({ names: ['audit/bills'] })).rejects.toThrow('has no function or topic audit/bills')
  })

  it('name what there is where a name is not known', async () => {
    await local.add('orders', nothing())
    await expect(pause({ names: ['order'] })).rejects.toThrow(
      'ML_USAGE: millrace dev has no function or topic order; it has orders (reads orders)',
    )
  })

  it('with --drain wait until nothing is in flight, and say what will come again', async () => {
    const orders = await local.add(
      'orders',
      // An hour off: five attempts may all fall into one invocation.
      kafkaFunction({ value: text() }, ({ value }) =>
        value === 'bad' ? hold({ reason: 'r', forMs: 3_600_000 }) : undefined,
      ),
    )
    await local.produce('orders', [
      { value: 'good', partition: 0 },
      { value: 'bad', partition: 0 },
    ])
    await vi.waitFor(() => expect(orders.history.length).toBeGreaterThan(0))
    const { code, of } = await pause({ drain: true })
    expect(of('paused')).toEqual([expect.objectContaining({ ok: true, state: 'Disabled', open: 1, pending: 0 })])
    expect(code).toBe(0)
  })

  it('say what state it is in when the time is over, and when somebody asks for an end', async () => {
    const { begun, gate, handler } = gated()
    await local.add('orders', handler)
    await local.produce('orders', [{ value: 'a' }])
    await begun.opened
    const late = await pause({ timeout: 1 })
    expect(late.of('paused')).toEqual([expect.objectContaining({ ok: false, state: 'Disabling', end: 'late' })])
    expect(late.code).toBe(1)
    const controller = new AbortController()
    const waiting = pause({ json: false }, controller.signal)
    controller.abort()
    const stopped = await waiting
    expect(stopped.text).toContain('orders (orders) is Disabling, and not Disabled yet: stopped waiting; ')
    expect(stopped.code).toBe(1)
    gate.open()
    expect((await pause()).code).toBe(0)
  })
})

describe('millrace drain', () => {
  it('pauses once all that the topics had is settled, and not before', async () => {
    const { begun, gate, handler } = gated()
    const orders = await local.add('orders', handler, { batchSize: 2 })
    await local.produce(
      'orders',
      [0, 0, 0, 1, 1].map((partition) => ({ value: 'a', partition })),
    )
    await begun.opened
    const draining = drain()
    gate.open()
    const { code, of } = await draining
    expect(of('drained')).toEqual([expect.objectContaining({ ok: true, left: [], state: 'Disabled', open: 0 })])
    expect(code).toBe(0)
    expect(orders.life.state).toBe('Disabled')
    expect((await status()).of('mapping')[0]).toMatchObject({ lag: { value: { records: 0 } } })
  })

  it('says what is left of each partition when the time is over, and goes on reading', async () => {
    const { begun, gate, handler } = gated()
    const orders = await local.add('orders', handler, { batchSize: 1 })
    await local.produce(
      'orders',
      [0, 0, 1].map((partition) => ({ value: 'a', partition })),
    )
    await begun.opened
    const { code, of } = await drain({ timeout: 1 })
    expect(of('drained')).toEqual([
      expect.objectContaining({
        ok: false,
        left: [
          { partition: 0, next: 0, end: 2 },
          { partition: 1, next: 0, end: 1 },
        ],
      }),
    ])
    expect(code).toBe(1)
    expect(orders.life.state).toBe('Enabled')
    const controller = new AbortController()
    const waiting = drain({ json: false }, controller.signal)
    controller.abort()
    expect((await waiting).text).toMatch(
      /has 3 records left: 2 of partition 0 from 0 on, .*; stopped waiting; it goes on/,
    )
    gate.open()
  })

  it('does not wait for what a disabled mapping would never read', async () => {
    await local.add('orders', nothing(), { enabled: false })
    expect((await drain()).code).toBe(0)
    await local.produce('orders', [{ value: 'a' }])
    const { code, text } = await drain({ json: false })
    expect(text).toContain('has 1 record left: 1 of partition')
    expect(text).toContain('it is Disabled: `millrace resume` it first')
    expect(code).toBe(1)
  })
})

describe('millrace status', () => {
  it('tells of each mapping its state, how far it is, and what its ledger knows', async () => {
    const orders = await local.add('orders', nothing())
    await local.produce('orders', [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 1 },
    ])
    await orders.idle()
    const { code, of } = await status()
    expect(of('mapping')).toEqual([
      expect.objectContaining({
        ...{ function: 'orders', deployed: 'shop-dev-orders', topic: 'orders', group: 'orders-group' },
        ...{ state: 'Enabled', reason: 'USER_INITIATED', lastResult: 'OK', wrong: [] },
        lag: { value: { records: 0, from: 'brokers' } },
        ledger: { value: expect.objectContaining({ partitions: 2, open: 0, pending: 0, inFlight: 0, died: 0 }) },
        failures: { value: { count: 0, more: false } },
      }),
    ])
    expect(of('status')).toEqual([{ event: 'status', count: 1, wrong: 0, place: 'millrace dev', alarms: null }])
    expect(code).toBe(0)
    await pause()
    await local.produce('orders', [{ value: 'c' }])
    const { text } = await status({ json: false })
    expect(text).toMatch(
      /^FUNCTION +TOPIC +GROUP +STATE +LAG +PARTITIONS +OPEN +IN FLIGHT +FAILURES +NEWEST RECORD +LAST RESULT\n/,
    )
    expect(text).toMatch(
      /\norders +orders +orders-group +Disabled +1 +2 +0 +0 +0 +20\d\d-.*Z +OK\n {2}paused \(USER_INITIATED\)/,
    )
    expect(text).toMatch(/all is well$/)
  })

  it('ends with 1 where records were given up on, and where an invocation has them now it is well', async () => {
    const { begun, gate, handler } = gated()
    await local.add(
      'orders',
      kafkaFunction({ value: text() }, () => drop('not wanted')),
    )
    const bills = await local.add('bills', handler)
    await local.produce('orders', [{ value: 'a', partition: 0 }])
    await local.mappings[0]?.idle()
    await local.ground.give(
      'orders',
      [
        { value: 'x', offset: 3 },
        { value: 'y'.repeat(500_000), offset: 4 },
      ],
      {},
      'orders-group',
    )
    await local.produce('bills', [
      { value: 'a', partition: 0 },
      { value: 'a', partition: 0 },
    ])
    await begun.opened
    const { code, of } = await status()
    expect(of('mapping').map(({ failures, wrong }) => [failures, wrong])).toEqual([
      [{ value: { count: 2, more: false } }, [expect.stringContaining('millrace failures list')]],
      [{ value: { count: 0, more: false } }, []],
    ])
    expect(of('mapping')[1]).toMatchObject({ ledger: { value: { claimed: 1 } }, lag: { value: { records: 2 } } })
    expect(code).toBe(1)
    expect((await status({ names: ['bills'] })).code).toBe(0)
    gate.open()
    await bills.idle()
    await pause()
    expect((await status({ names: ['orders'], json: false })).text).toMatch(/! records were given up on.*\n {2}paused/)
  })

  it('tells what it can where Kafka does not answer', async () => {
    await local.add('orders', nothing())
    const { code, of, text } = await status({ json: false, brokers: '127.0.0.1:1' })
    expect(text).toMatch(
      /\norders .*Enabled +\? +0 .*\n {2}lag not known: ML_KAFKA_UNREACHABLE: Kafka does not answer at/,
    )
    expect(of('status')[0]).toMatchObject({ wrong: 0 })
    expect(code).toBe(0)
  })
})
