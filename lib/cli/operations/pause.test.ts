import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../clock.js'
import { readBatch } from '../../event/index.js'
import { dynamodbStore, openLedger } from '../../ledger/index.js'
import { kafkaEvent, type TestDeployment, testDeployment } from '../../testing/index.js'
import { findTarget, type MappingsPlace, type Target } from '../target/index.js'
import type { MappingsApi } from './lambda.js'
import { landed, paused } from './pause.js'

let deployment: TestDeployment
let named: Target
const start = 1_800_000_000_000
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'orders' })
  const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? ''
  named = await findTarget({ ledgerTable: deployment.ledgerTable, endpoint })
})
afterAll(async () => {
  named.close()
  await deployment.stop()
})

/** Time that passes when somebody sleeps; `meanwhile` is done in it. */
function sleeper(meanwhile: (now: number) => Promise<void> = async () => undefined): Clock {
  let now = start
  const sleep = async (ms: number): Promise<void> => {
    now += Math.ceil(ms)
    await meanwhile(now)
  }
  return { ...systemClock, now: () => now, sleep }
}

/** An invocation takes the partition until then. */
async function claim(topic: string, now: number, leaseMs: number): Promise<void> {
  const store = dynamodbStore(deployment.client, deployment.ledgerTable)
  const clock = { ...systemClock, now: () => now }
  const ledger = openLedger({ store, clock, group: 'g', leaseMs, withholds: false })
  const { partitions } = readBatch(kafkaEvent({ topic, records: [{ value: 'a' }] }))
  await ledger.claim(partitions, { owner: `owner-${now}`, deadline: now + leaseMs })
}

/** From one look to the next. */
const paceMs = 2_000

const deployed: MappingsPlace = { kind: 'deployed', stack: 's', region: 'us-east-1' }
const local: MappingsPlace = { kind: 'local', url: '' }

/** How long a pause waits for what is in flight, in milliseconds. */
async function waitedFor(topic: string, mappings: MappingsPlace, clock: Clock, limitMs = 900_000) {
  const target = { client: named.client, ledgerTable: named.ledgerTable, functions: [], mappings } as unknown as Target
  const reads = { name: topic, deployed: topic, topic, group: 'g', brokers: [] }
  const patience = { clock, until: start + limitMs, signal: new AbortController().signal }
  const { end } = await landed({ target }, { reads }, patience)
  return { end, ms: clock.now() - start }
}

describe('pause --drain, once a mapping is Disabled,', () => {
  it('waits for an invocation that has a source partition, until it settles or its lease ends', async () => {
    await claim('leased', start, 60_000)
    const { end, ms } = await waitedFor('leased', deployed, sleeper())
    expect(end).toBe('done')
    expect(ms).toBeGreaterThan(70_000 - paceMs)
    expect(ms).toBeLessThan(70_000 + paceMs)
  })

  it('waits ten seconds more for one that has claimed nothing yet, and for that one too if it comes', async () => {
    const quiet = await waitedFor('quiet', deployed, sleeper())
    expect(quiet.ms).toBeGreaterThanOrEqual(10_000)
    expect(quiet.ms).toBeLessThan(10_000 + paceMs)
    let came = false
    const clock = sleeper(async (now) => {
      if (came || now < start + 8_000) return
      came = true
      await claim('cold', now, 20_000)
    })
    const { ms } = await waitedFor('cold', deployed, clock)
    expect(ms).toBeGreaterThan(38_000 - paceMs)
  })

  it('waits no longer on this machine, where a mapping is Disabled when its invocations have ended', async () => {
    expect(await waitedFor('quiet', local, sleeper())).toEqual({ end: 'done', ms: 0 })
    // But for a worker that was killed: its lease is over by itself.
    await claim('killed', start, 10_000)
    expect((await waitedFor('killed', local, sleeper())).ms).toBeGreaterThanOrEqual(10_000)
  })

  it('gives up in time', async () => {
    await claim('endless', start, 800_000)
    expect(await waitedFor('endless', deployed, sleeper(), 30_000)).toEqual({ end: 'late', ms: 30_000 })
  })

  it('does not call paused what somebody has enabled meanwhile', async () => {
    const states = ['Disabled', 'Enabled']
    const api = { get: async () => ({ State: states.shift() ?? 'Enabled' }) } as unknown as MappingsApi
    const target = { client: named.client, ledgerTable: named.ledgerTable, functions: [], mappings: local } as never
    const reads = { name: 'quiet', deployed: 'quiet', topic: 'quiet', group: 'g', brokers: [] }
    const present = { reads, uuid: 'u', configuration: {} }
    const patience = { clock: sleeper(), until: start + 900_000, signal: new AbortController().signal }
    const fate = await paused({ api, target, mapped: [] }, present, patience, { drain: true })
    expect(fate).toMatchObject({ ok: false, text: expect.stringContaining('is Enabled again') })
  })
})
