import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { apis } from '../api/table.js'
import { type Broker, startBroker } from '../server.js'
import { startCanary } from './canary.js'
import { type Fate, FuzzClient } from './client.js'
import { type Draw, drawing } from './draw.js'
import { spoilt, untouched } from './mutate.js'
import { longPoll, validRequest } from './request.js'

/** What to throw at a broker. */
export interface BrokerFuzzOptions {
  readonly requests: number
  /** Numbers from 0 up to below 1; those of one seed make the same requests. */
  readonly random: () => number
}

/** What came of it. */
export interface BrokerFuzzReport {
  readonly requests: number
  /** requests that were answered, ended their connection, or were not answered in the time that they got */
  readonly fates: Readonly<Record<Fate, number>>
  /** APIs of which a valid request was answered, of all that are served */
  readonly apis: { readonly answered: number; readonly served: number }
  readonly canary: { readonly records: number; readonly slowestMs: number }
  /** growth of the process, in MB */
  readonly grownMb: number
  /** everything that must not be */
  readonly failures: readonly string[]
}

const connections = 8
/** For a request that may be waiting for good, or be incomplete; in milliseconds. */
const patienceMs = 50
/** For a request that has to be answered. */
const longPatienceMs = 20_000
/** Requests that are silent by right: Produce with acks 0; and group members may wait for others, whose time limits are at random. */
const silentKeys = [0, 11, 14]
/** What a run may leave in memory: topics and groups with random names, and their records. */
const maxGrownMb = 512

/**
 * Sends requests of every API and version, most of them spoilt, to a real broker on a data directory, over sockets, while
 * another client works; then looks at what is left.
 */
export async function fuzzBroker({ requests, random }: BrokerFuzzOptions): Promise<BrokerFuzzReport> {
  const failures: string[] = []
  const onRejection = (reason: unknown) => void failures.push(`unhandled rejection: ${reason}`)
  process.on('unhandledRejection', onRejection)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'))
  const rssBefore = process.memoryUsage().rss
  const timersBefore = timers()
  try {
    const log = (line: string) => void (line.includes('could not be answered') && failures.push(line))
    const broker = await startBroker({ dataDir: directory, log })
    const canary = await startCanary(broker.address)
    const sent = await sendAll(broker, requests, drawing(random), failures)
    const report = await canary.stop()
    failures.push(...report.failures.map((failure) => `the undisturbed client: ${failure}`))
    await within('connections are left over', failures, () => {
      const { connections, requests: waiting } = broker.usage()
      return connections === waiting // a join, for example, may wait for others though its client has gone
    })
    const grownMb = Math.round((process.memoryUsage().rss - rssBefore) / 1e6)
    if (grownMb > maxGrownMb) failures.push(`the process grew by ${grownMb} MB`)
    await broker.stop()
    await within('connections, requests or bytes are left over after the stop', failures, () =>
      Object.values(broker.usage()).every((left) => left === 0),
    )
    await within('timers are left over', failures, () => timers() <= timersBefore)
    await reopened(directory).catch((error: unknown) => void failures.push(`what was taken cannot be read: ${error}`))
    const { records, slowestMs } = report
    return { requests, ...sent, canary: { records, slowestMs: Math.round(slowestMs) }, grownMb, failures }
  } finally {
    rmSync(directory, { recursive: true })
    process.off('unhandledRejection', onRejection)
  }
}

async function reopened(directory: string): Promise<void> {
  await (await startBroker({ dataDir: directory })).stop()
}

type Sent = Pick<BrokerFuzzReport, 'fates' | 'apis'>

async function sendAll(broker: Broker, requests: number, draw: Draw, failures: string[]): Promise<Sent> {
  const fates: Record<Fate, number> = { answered: 0, closed: 0, silent: 0 }
  const answered = new Set<number>()
  const learned: string[] = []
  const learn = (name: string) => void (learned.push(name) > 20 && learned.shift())
  let next = 0
  const worker = async () => {
    let client = new FuzzClient(broker.port, learn)
    for (let number = next++; number < requests; number = next++) {
      const isLong = draw.oneIn(100)
      const isValid = !isLong && draw.oneIn(5)
      const material = { learned, extreme: !isValid }
      const { key, version, frame } = isLong ? longPoll(draw, number) : validRequest(draw, number, material)
      const others = () => validRequest(draw, number, material).frame
      const delivery = isValid || isLong ? untouched(frame, draw) : spoilt(frame, draw, others)
      const must = isValid && !silentKeys.includes(key)
      const fate = await client.send(delivery, must ? longPatienceMs : patienceMs)
      fates[fate]++
      if (isValid && fate === 'answered') answered.add(key)
      if (must && fate !== 'answered') {
        failures.push(`request ${number}, API ${key} version ${version}, valid: ${fate}; ${frame.toString('hex')}`)
      }
      if (fate !== 'answered' || !isValid) client = client.again()
    }
    client.close()
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return { fates, apis: { answered: answered.size, served: apis.size } }
}

/** Waits for what has to come true. */
async function within(otherwise: string, failures: string[], holds: () => boolean): Promise<void> {
  const end = performance.now() + longPatienceMs
  while (!holds()) {
    if (performance.now() > end) return void failures.push(otherwise)
    await setImmediate()
  }
}

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
