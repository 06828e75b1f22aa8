import { type OutgoingRecord, type ProduceOptions, produce } from '../load/index.js'

type Records = Iterable<OutgoingRecord> | AsyncIterable<OutgoingRecord>

/** A load that can be held while a topic is not there. */
export interface Load {
  readonly produced: number
  hold(): Promise<void>
  go(): void
}

/** Produces in pieces, so that what is acknowledged is known whenever it is held. */
export function startLoad(source: Records, to: Pick<ProduceOptions, 'brokers' | 'topic' | 'ratePerSecond'>): Load {
  let produced = 0
  let holding = new AbortController()
  let running: Promise<void> = Promise.resolve()

  const go = (): void => {
    holding = new AbortController()
    const { signal } = holding
    running = produce(goingOn(source), { ...to, signal }).then((done) => {
      produced += done.records
    })
    // Whoever holds it is told.
    running.catch(() => undefined)
  }
  go()
  return {
    get produced() {
      return produced
    },
    hold: () => {
      holding.abort()
      return running
    },
    go,
  }
}

/** Goes on where it was left: `for await` would end a generator that it leaves. */
async function* goingOn(source: Records): AsyncGenerator<OutgoingRecord> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  for (;;) {
    const { value, done } = await iterator.next()
    if (done === true) return
    yield value
  }
}
