import { ttlAttribute } from '../../deployment/index.js'
import { MillraceError } from '../../errors.js'
import type { Item, ItemKey, Write } from '../../table/index.js'
import type { Entry } from '../contest.js'
import type { Owner } from '../owner.js'

/** Short names: they count towards the kilobyte that one write unit pays for. */
const names = { owner: 'o', since: 'a', result: 'r', expires: ttlAttribute } as const

/** The item of one key, in one group. */
export const keyItem = (group: string, id: string): ItemKey => ({ pk: `${group}#key#${id}`, sk: 'key' })

/** Gives the key to an owner, if its entry is still what it was; undefined: if there is none. */
export function takeKey(key: ItemKey, former: Entry | undefined, owner: Owner, expires: number): Write {
  const set: Item = {
    [names.owner]: { S: ownerText(owner) },
    [names.since]: { N: String(owner.since) },
    [names.expires]: seconds(expires),
  }
  if (former === undefined) return { key, set, when: 'absent' }
  const when = { [names.owner]: { S: ownerText(former.owner) }, [names.expires]: seconds(former.expires) }
  // A result is that of the former owner.
  return { key, set: { ...set, [names.result]: { NULL: true } }, when }
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
  return { owner: { topic, partition, offset, timestamp, since }, expires, result: item[names.result]?.S }
}

/** DynamoDB deletes by whole seconds; until the second is over, the entry counts. */
const seconds = (epochMs: number) => ({ N: String(Math.ceil(epochMs / 1_000)) })

/** The owner's id and fingerprint; no topic's name can hold a `#`. */
const ownerText = ({ topic, partition, offset, timestamp }: Owner): string =>
  [topic, partition, offset, timestamp].join('#')
