import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Clock, systemClock } from '../clock.js'
import { isUnknownOperation } from '../store-error.js'
import { chunks, sideBySide } from './parallel.js'
import { statementsPerCall, writeByPartiql } from './partiql.js'
import { falling, get } from './read.js'
import { writeByUpdate } from './single.js'
import type { Connection, Table, Transacted, Write, Written } from './table.js'
import { transactWrites } from './transact.js'

/** Opens a table. A store without PartiQL (dynalite) gets the same writes as single `UpdateItem` calls. */
export function openTable(client: DynamoDBClient, name: string, clock: Clock = systemClock): Table {
  const usage = { calls: 0, readUnits: 0, writeUnits: 0, conflicts: 0 }
  const connection: Connection = {
    client,
    name,
    clock,
    spent(kind, capacity) {
      usage.calls++
      usage[`${kind}Units`] += (capacity ?? []).reduce((sum, used) => sum + (used?.CapacityUnits ?? 0), 0)
    },
  }
  let hasPartiql = true

  async function writeChunk(writes: readonly Write[]): Promise<readonly Written[]> {
    if (!hasPartiql) return sideBySide(writes, (write) => writeByUpdate(connection, write))
    try {
      return await writeByPartiql(connection, writes)
    } catch (error) {
      if (!isUnknownOperation(error)) throw error
      hasPartiql = false
      return await writeChunk(writes)
    }
  }

  function counted<T extends Pick<Written | Transacted, 'kind'>>(written: T): T {
    if (written.kind === 'conflict') usage.conflicts++
    return written
  }

  return {
    usage,
    get: (keys) => get(connection, keys),
    falling: (pk, from, to) => falling(connection, pk, from, to),
    transact: async (writes, others, token) => counted(await transactWrites(connection, writes, others, token)),
    write: async (writes) => (await sideBySide(chunks(writes, statementsPerCall), writeChunk)).flat().map(counted),
  }
}
