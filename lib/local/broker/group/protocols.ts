import { MalformedRequest, Reader } from '../wire/reader.js'
import type { Member, Protocol } from './member.js'

export function sameProtocols(one: readonly Protocol[], other: readonly Protocol[]): boolean {
  return (
    one.length === other.length &&
    one.every((protocol, index) => {
      const twin = other[index]
      return twin !== undefined && twin.name === protocol.name && twin.metadata.equals(protocol.metadata)
    })
  )
}

/** Names of the protocols that every one of `members` offers. */
export function commonProtocols(members: readonly Member[]): Set<string> {
  const [first, ...others] = members.map((member) => new Set(member.protocols.map((protocol) => protocol.name)))
  return new Set([...(first ?? [])].filter((name) => others.every((names) => names.has(name))))
}

/** The common protocol that most members prefer. */
export function electProtocol(members: readonly Member[]): string {
  const common = commonProtocols(members)
  const votes = new Map<string, number>()
  for (const member of members) {
    const preferred = member.protocols.find((protocol) => common.has(protocol.name))
    if (preferred !== undefined) votes.set(preferred.name, (votes.get(preferred.name) ?? 0) + 1)
  }
  return [...votes].sort((one, other) => other[1] - one[1])[0]?.[0] ?? ''
}

/** The topics that a consumer has subscribed to: its metadata, opaque otherwise, begins with a version and their names. */
export function subscribed({ protocols }: Member): string[] {
  return protocols.flatMap(({ metadata }) => {
    const reader = new Reader(metadata)
    try {
      reader.int16()
      return reader.array((item) => item.string())
    } catch (error) {
      if (error instanceof MalformedRequest) return [] // another kind of client, with metadata of another kind
      throw error
    }
  })
}
