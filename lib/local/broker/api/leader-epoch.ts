import { type Code, code } from '../wire/codes.js'

/** There is one leader, and has been since the beginning: -1 is a client that does not say which one it knows. */
const leaderEpoch = 0

/** Refuses a client that knows a later leader of the partition than there has been. */
export function checkLeaderEpoch(known: number): Code {
  return known > leaderEpoch ? code.unknownLeaderEpoch : code.none
}
