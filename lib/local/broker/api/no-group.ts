import { type Code, code } from '../wire/codes.js'

/** What a member of a group that is not there is told. */
export function noGroup(groupId: string): Code {
  return groupId === '' ? code.invalidGroupId : code.unknownMemberId
}
