import { type Code, code } from '../wire/codes.js'

/** Older clients are told of a stale epoch instead, which is all they know of being fenced. */
export function fencedSince(firstVersion: number, version: number, error: Code): Code {
  return error === code.producerFenced && version < firstVersion ? code.invalidProducerEpoch : error
}

/** Likewise: the code that has been there for longer, for a write that no transaction covers. */
export function abortableSince(firstVersion: number, version: number, error: Code): Code {
  return error === code.transactionAbortable && version < firstVersion ? code.invalidTxnState : error
}
