import { type Code, code } from '../wire/codes.js'
import { type Context, defineApi } from './api.js'
import { fencedSince } from './fenced.js'
import { coordinated } from './stored.js'

interface Request {
  readonly transactionalId: string | null
  readonly timeoutMs: number
  readonly expected: { readonly producerId: bigint; readonly epoch: number } | undefined
  readonly version: number
}

/** First version whose clients know that a producer can be fenced. */
const fencedFrom = 4

/** InitProducerId: an id for an idempotent producer, or the next producer of a transactional id, which fences the last. */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 2,
  decode(reader, version): Request {
    const transactionalId = reader.nullableString()
    const timeoutMs = reader.int32()
    const producerId = version >= 3 ? reader.int64() : -1n
    const epoch = version >= 3 ? reader.int16() : -1
    reader.tags()
    return { transactionalId, timeoutMs, expected: producerId < 0n ? undefined : { producerId, epoch }, version }
  },
  handle(request, context) {
    const answer = coordinated(() => initialise(request, context), context)
    if (typeof answer !== 'number' && !('refused' in answer)) return { error: code.none, ...answer }
    const refused = typeof answer === 'number' ? answer : answer.refused
    return { error: fencedSince(fencedFrom, request.version, refused), producerId: -1n, epoch: -1 }
  },
  encode(writer, { error, producerId, epoch }) {
    writer.int32(0) // throttle time
    writer.int16(error).int64(producerId).int16(epoch).tags()
  },
})

function initialise({ transactionalId, timeoutMs, expected }: Request, { transactions, nextProducerId }: Context) {
  if (transactionalId === null) return { producerId: nextProducerId(), epoch: 0 }
  if (transactionalId === '') return { refused: code.invalidRequest satisfies Code }
  return transactions.initialise(transactionalId, timeoutMs, expected)
}
