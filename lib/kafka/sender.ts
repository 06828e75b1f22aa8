import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as pause } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock.js'
import { asError, MillraceError } from '../errors.js'
import type { Identity } from './batch.js'
import { Link } from './link.js'
import type { Checked } from './options.js'
import { type Delivery, Item, type Outgoing } from './record.js'
import { type Ground, sendRound } from './round.js'

/** Records that may wait at a time, and what of them is sent together: keys and values in bytes. */
const limits = { pending: 200_000, roundBytes: 8_000_000 }

/** Milliseconds without use after which connections are made anew: what lies between may have dropped them without a word. */
const idleMs = 60_000

/** The work of a sender belongs to nobody's run, whoever woke it. */
const outside = AsyncLocalStorage.snapshot()

/**
 * Sends records, one round after another; what comes meanwhile makes up the next. It keeps its connections and its identity
 * for as long as the execution environment lives.
 */
export class Sender {
  readonly settings: Checked
  /** The brokers of the event in hand, where nothing else names any. */
  bootstrapServers: string | undefined
  readonly #clock: Clock
  #queue: Item[] = []
  /** Those that are being sent. */
  #round: readonly Item[] = []
  readonly #pending = new Set<Item>()
  #drained: (() => void)[] = []
  #isWorking = false
  #link: Link | undefined
  #usedAt = 0
  /** How often it was closed. */
  #closes = 0
  readonly #ground: Ground

  constructor(settings: Checked, clock: Clock = systemClock) {
    this.settings = settings
    this.#clock = clock
    const identity: Identity | undefined = undefined
    this.#ground = {
      clock: this.#clock,
      createTopics: settings.createTopics,
      turns: new Map(),
      identity,
      link: () => this.#connected(),
      abandon: (link) => this.#abandon(link),
    }
  }

  /** Records that are neither acknowledged nor given up. */
  get pending(): number {
    return this.#pending.size
  }

  /** A record to send, of which the sender will say once what became of it. */
  item(record: Outgoing, told: (delivery: Delivery) => void, signal?: AbortSignal): Item {
    const item: Item = new Item(record, this.#clock.now() + this.settings.deliveryTimeoutMs, ended, signal)
    const end = () => this.#end(item)
    function ended(delivery: Delivery): void {
      end()
      told(delivery)
    }
    return item
  }

  /** Sends all of them, in their order. */
  send(items: readonly Item[]): void {
    if (this.#pending.size + items.length > limits.pending) {
      const refusal: Delivery = { ok: false, error: overloaded(this.#pending.size), isFinal: false }
      for (const item of items) item.settle(refusal)
      return
    }
    for (const item of items) {
      this.#pending.add(item)
      this.#queue.push(item)
    }
    if (!this.#isWorking && this.#queue.length > 0) outside(() => void this.#work())
  }

  #end(item: Item): void {
    this.#pending.delete(item)
    if (this.#pending.size === 0) for (const resolve of this.#drained.splice(0)) resolve()
  }

  /** A signal has aborted: if nobody waits for what is under way, what comes next does not wait for its answer either. */
  release(): void {
    const isOver = this.#round.every((item) => item.isSettled || item.signal?.aborted === true)
    if (this.#link && isOver) this.#abandon(this.#link)
  }

  /** Resolves when nothing is pending any more, or after so many milliseconds. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#pending.size === 0) return
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(timeoutMs, resolve)
      this.#drained.push(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Gives up what is pending by this error, and ends the connections. */
  async close(error: MillraceError): Promise<void> {
    this.#closes++
    const link = this.#link
    this.#link = undefined
    const isIdle = this.#pending.size === 0
    for (const item of [...this.#pending]) item.settle({ ok: false, error, isFinal: false })
    this.#queue = []
    if (isIdle) await link?.close()
    else link?.abandon()
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (;;) {
      // What is produced in the same turn goes out together.
      await pause()
      if (this.#queue.length === 0) break
      const items = this.#next()
      this.#round = items
      await sendRound(items, this.#ground).catch((thrown) => {
        const error = new MillraceError('ML_PRODUCE_FAILED', `the record was not sent: ${asError(thrown).message}`, {
          cause: thrown,
        })
        for (const item of items) item.settle({ ok: false, error, isFinal: false })
      })
    }
    this.#isWorking = false
  }

  #next(): Item[] {
    let bytes = 0
    let count = 0
    for (const { record } of this.#queue) {
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
      if (count > 0 && bytes > limits.roundBytes) break
      count++
    }
    const items = this.#queue.splice(0, count)
    for (const item of items) item.isTaken = true
    return items
  }

  async #connected(): Promise<Link> {
    const isStale = this.#clock.now() - this.#usedAt > idleMs
    if (this.#link && isStale) this.#abandon(this.#link)
    this.#usedAt = this.#clock.now()
    if (this.#link) return this.#link
    const closes = this.#closes
    const link = await Link.open({ ...this.settings, brokers: this.settings.brokers(this.bootstrapServers) })
    if (closes !== this.#closes) {
      link.abandon()
      throw new Error('it was closed')
    }
    this.#link = link
    return link
  }

  #abandon(link: Link): void {
    if (this.#link === link) this.#link = undefined
    link.abandon()
  }
}

const overloaded = (pending: number) =>
  new MillraceError(
    'ML_PRODUCE_FAILED',
    `${pending} records wait to be acknowledged, and more than ${limits.pending} may not; await what produce() returns`,
  )
