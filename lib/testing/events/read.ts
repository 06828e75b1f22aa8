import { readFile } from 'node:fs/promises'
import { asError, MillraceError } from '../../errors.js'
import { type KafkaEvent, readBatch } from '../../event/index.js'

/**
 * An event from a file: one that `millrace record` has written, or that was copied from a log.
 *
 * @throws MillraceError `ML_FIXTURE_INVALID` where it cannot be read or is no event of a Kafka mapping; the message says why
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 * import { eventOf, readEvent } from 'millrace/testing'
 *
 * await writeFile('event.json', JSON.stringify(eventOf('orders', { orderId: 'o1' })))
 * const event = await readEvent('event.json')
 * console.log(Object.keys(event.records)) // prints: [ 'orders-0' ]
 * ```
 */
export async function readEvent(path: string | URL): Promise<KafkaEvent> {
  try {
    const event = JSON.parse(await readFile(path, 'utf8'))
    readBatch(event)
    return event
  } catch (cause) {
    throw new MillraceError('ML_FIXTURE_INVALID', `no event can be read from ${path}: ${asError(cause).message}`, {
      cause,
    })
  }
}
