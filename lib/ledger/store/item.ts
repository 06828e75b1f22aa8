import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../../errors.js'
import { decodeState, encodeState } from '../format/index.js'
import type { LedgerItem } from './store.js'

/** Short names: they count towards the kilobyte that one write unit pays for. */
export const attributes = { version: 'v', writeId: 'w', state: 's' } as const

/** The item's own attributes, without its key. */
export const encodeItem = ({ version, writeId, state }: LedgerItem): Record<string, AttributeValue> => ({
  [attributes.version]: { N: String(version) },
  [attributes.writeId]: { S: writeId },
  [attributes.state]: { B: encodeState(state) },
})

/** @throws MillraceError `ML_LEDGER_FORMAT` */
export function decodeItem(item: Record<string, AttributeValue>): LedgerItem {
  const version = Number(item[attributes.version]?.N)
  const writeId = item[attributes.writeId]?.S
  const state = item[attributes.state]?.B
  if (!Number.isSafeInteger(version) || writeId === undefined || state === undefined) {
    throw new MillraceError(
      'ML_LEDGER_FORMAT',
      `the item ${item.pk?.S} of the ledger table is no ledger item; is MILLRACE_LEDGER_TABLE the right table?`,
    )
  }
  return { version, writeId, state: decodeState(state) }
}
