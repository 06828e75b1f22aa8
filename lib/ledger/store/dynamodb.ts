import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { openTable, type Write } from '../../table/index.js'
import { attributes, decodeItem, encodeItem } from './item.js'
import type { LedgerStore, Swap } from './store.js'

/**
 * The ledger's store on a DynamoDB table.
 *
 * Swaps of one event travel in one `BatchExecuteStatement`; a store without PartiQL (dynalite) gets the same swaps as
 * concurrent `UpdateItem` calls.
 */
export function dynamodbStore(client: DynamoDBClient, name: string): LedgerStore {
  const table = openTable(client, name)
  return {
    usage: table.usage,
    load: async (keys) => (await table.get(keys)).map((item) => item && decodeItem(item)),
    async swap(swaps) {
      const written = await table.write(swaps.map(writeOf))
      return written.map((one) => (one.kind === 'conflict' ? { ...one, item: one.item && decodeItem(one.item) } : one))
    },
    transact: ({ swaps, writes, token }) => table.transact(swaps.map(writeOf), writes, token),
  }
}

const writeOf = ({ key, known, item }: Swap): Write => ({
  key,
  set: encodeItem(item),
  when: known === 0 ? 'absent' : { [attributes.version]: { N: String(known) } },
})
