import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import {
  dynamodbStore,
  everyPartition,
  itemKey,
  type KnownPartition,
  type LedgerItem,
  loadPartitions,
  type Place,
} from '../../ledger/index.js'
import { storeError } from '../../store-error.js'
import type { Target } from '../target/index.js'
import { usage } from '../voice.js'
import type { SourceOptions } from './options.js'

/** A partition of a topic as one group sees it, with what its ledger knows. */
export interface Source {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly item: LedgerItem
}

/**
 * The ledgers that are meant, by group, topic and partition.
 *
 * @throws MillraceError `ML_USAGE` for a function that the stack does not have, `ML_STORE_…`, `ML_TABLE_MISSING`, `ML_LEDGER_FORMAT`
 */
export async function sourcesOf(target: Target, options: SourceOptions): Promise<Source[]> {
  const store = dynamodbStore(target.client, target.ledgerTable)
  const places = placesOf(target, options) ?? (await placesIn(target.client, target.ledgerTable, options))
  const found: Source[] = []
  for (const place of places) {
    const add = (some: readonly KnownPartition[]): void => {
      for (const one of some) found.push({ group: place.group, topic: place.topic, ...one })
    }
    if (options.partition !== undefined) add(await loadPartitions(store, place, [options.partition]))
    else for await (const some of everyPartition(store, place)) add(some)
  }
  return found
}

/** What the functions of the stack read; undefined where no stack tells. */
function placesOf(target: Target, options: SourceOptions): Place[] | undefined {
  const { functions } = target
  const { function: name, group, topic } = options
  const isNamed = (one: { readonly name: string; readonly deployed: string }): boolean =>
    name === undefined || one.name === name || one.deployed === name
  if (name !== undefined && !functions.some(isNamed)) {
    const names = [...new Set(functions.map((one) => one.name))].join(', ') || 'none; name a group and a topic instead'
    throw usage(`${target.place} has no function ${name} that reads a topic; it has ${names}`)
  }
  // A group that no function has any more has left its ledger behind all the same.
  if (group !== undefined && topic !== undefined) return [{ group, topic }]
  if (functions.length === 0 || group !== undefined) return undefined
  return functions.filter((one) => isNamed(one) && (topic === undefined || one.topic === topic))
}

/** Those that the table has, which means reading through all of it. */
async function placesIn(client: DynamoDBClient, table: string, { group, topic }: SourceOptions): Promise<Place[]> {
  const places = new Map<string, Place>()
  const query = {
    TableName: table,
    FilterExpression: 'sk = :ledger',
    ProjectionExpression: 'pk',
    ExpressionAttributeValues: { ':ledger': { S: itemKey('', '', 0).sk } },
  }
  try {
    for await (const { Items = [] } of paginateScan({ client }, query)) {
      for (const { pk } of Items) {
        const [ofGroup = '', ofTopic = ''] = pk?.S?.split('#') ?? []
        const isMeant = (group === undefined || group === ofGroup) && (topic === undefined || topic === ofTopic)
        if (isMeant) places.set(`${ofGroup}#${ofTopic}`, { group: ofGroup, topic: ofTopic })
      }
    }
  } catch (error) {
    throw storeError(error, table)
  }
  return [...places.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place)
}
