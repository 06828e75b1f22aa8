import { ttlAttribute } from '../../deployment/index.js'
import { MillraceError } from '../../errors.js'
import type { Item, ItemKey, Write } from '../../table/index.js'
import type { Entry } from '../contest.js'
import type { Owner } from '../owner.js'

/** Short names: they count towards the kilobyte that one write unit pays for. */
const names = { owner: 'o', since: 'a', result: 'r', token: 't', expires: ttlAttribute } as const

/** The item of one key, in one group and topic: two functions of a group have different topics, and share no key. */
export const keyItem = (group: string, topic: string, id: string): ItemKey => ({
  pk: `${group}#${topic}#key#${id}`,
  sk: 'key',
})

/** What an entry is to be. */
export type Taken = Required<Pick<Entry, 'owner' | 'expires'>> & { readonly token: string }

/**
 * Gives the key to an owner, or confirms that it has it, if its entry is still what it was; undefined: if there is none. Each
 * such write has its invocation's token, so that of two who know the same entry one finds out.
 */
export function takeKey(key: ItemKey, former: Entry | undefined, { owner, expires, token }: Taken): Write {
  const set: Item = {
    [names.owner]: { S: ownerText(owner) },
    [names.since]: { N: String(owner.since) },
    [names.token]: { S: token },
    [names.expires]: seconds(expires),
  }
  if (former === undefined) return { key, set, when: 'absent' }
  const when: Item = {
    [names.owner]: { S: ownerText(former.owner) },
    [names.expires]: seconds(former.expires),
    ...(former.token !== undefined && { [names.token]: { S: former.token } }),
  }
  const isConfirmed = ownerText(owner) === ownerText(former.owner) && owner.since === former.owner.since
  // A result is that of the former owner.
  return { key, set: isConfirmed ? set : { ...set, [names.result]: { NULL: true } }, when }
}

/** Keeps the first result, if the key is still its owner's. */
export const keepResult = (key: ItemKey, owner: Owner, result: string): Write => ({
  key,
  set: { [names.result]: { S: result } },
  when: { [names.owner]: { S: ownerText(owner) } },
})

/** @throws MillraceError `ML_LEDGER_FORMAT` */
export function entryOf(item: Item | undefined): Entry | undefined {
  if (item === undefined) return undefined
  const [topic, ...numbers] = item[names.owner]?.S?.split('#') ?? []
  const [partition, offset, timestamp] = numbers.map(Number)
  const [since, expires] = [Number(item[names.since]?.N), Number(item[names.expires]?.N) * 1_000]
  if (topic === undefined || partition === undefined || offset === undefined || timestamp === undefined) {
    throw new MillraceError(
      'ML_LEDGER_FORMAT',
      `the item ${item.pk?.S} of the ledger table names no owner of its key; was it written by a newer release of millrace? Deploy that one, or delete the item`,
    )
  }
  const [result, token] = [item[names.result]?.S, item[names.token]?.S]
  return { owner: { topic, partition, offset, timestamp, since }, expires, result, token }
}

/** DynamoDB deletes by whole seconds; until the second is over, the entry counts. */
const seconds = (epochMs: number) => ({ N: String(Math.ceil(epochMs / 1_000)) })

/** The owner's id and fingerprint; no topic's name can hold a `#`. */
const ownerText = ({ topic, partition, offset, timestamp }: Owner): string =>
  [topic, partition, offset, timestamp].join('#')
