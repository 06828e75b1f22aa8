import type { Contender } from '../measure/rounds.js'
import type { KafkaEvent } from '../sides/millrace.js'
import type { Side } from '../sides/side.js'

/**
 * A side that is given so many new events of so many records in each round.
 *
 * @throws Error while it runs, where it does not handle every one of them once
 */
export function contender(side: Side, next: () => KafkaEvent, events: number, size: number): Contender {
  return {
    name: side.name,
    prepare() {
      const prepared = Array.from({ length: events }, next).reverse()
      const before = side.work.records
      return async () => {
        // As in Lambda, an event is gone once it has been handled: what is not yet delivered weighs on the heap enough.
        for (let event = prepared.pop(); event !== undefined; event = prepared.pop()) await side.deliver(event)
        const handled = side.work.records - before
        if (handled !== events * size) throw new Error(`${side.name} handled ${handled} of ${events * size} records`)
        return handled
      }
    },
  }
}
