import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { systemClock } from '../../clock.js'
import { dynamodbStore } from '../../ledger/index.js'
import { abandonedRule, type Envelope } from '../../sink/envelope/index.js'
import { provenanceOfItem } from '../../sink/failures/index.js'
import { storeError } from '../../store-error.js'
import { cameAfterAll } from '../came-after-all.js'
import { columns } from '../columns.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { findTarget } from '../target/index.js'
import { exitCodes } from '../voice.js'
import type { SourceOptions } from './options.js'

/** `millrace ledger abandoned`: what Lambda went on without, and whether it came and was settled all the same. */
export const abandoned: Command<SourceOptions> = async (options, { voice, stopping: { signal } }) => {
  const target = await findTarget(options)
  try {
    const store = dynamodbStore(target.client, target.ledgerTable)
    const line = columns(24, 12, 12, 8, 24)
    let [count, left] = [0, 0]
    for await (const envelope of abandonedIn(target.client, target.failuresTable)) {
      if (signal.aborted) break
      if (!isMeant(envelope, options, target.functions)) continue
      const settled = (await cameAfterAll(store, envelope, systemClock.now())) === 'settled'
      if (count++ === 0 && !options.json)
        voice.say('head', line(['ID', 'FUNCTION', 'GROUP', 'ATTEMPTS', 'SEEN', 'NOW']))
      if (!settled) left++
      voice.say('abandoned', line(cells(envelope, settled)), { ...envelope, settled })
    }
    const which = `${counted(count, 'record')} abandoned, in ${target.failuresTable} (${target.place})`
    voice.say('listed', `${which}; ${left} not settled since${signal.aborted ? ', stopped' : ''}`, {
      ...{ count, left, interrupted: signal.aborted },
    })
    return left > 0 || signal.aborted ? exitCodes.failed : exitCodes.ok
  } finally {
    target.close()
  }
}

async function* abandonedIn(client: DynamoDBClient, table: string): AsyncGenerator<Envelope> {
  const query = {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: '#rule = :abandoned',
    ExpressionAttributeNames: { '#rule': 'rule' },
    ExpressionAttributeValues: { ':abandoned': { S: abandonedRule } },
  }
  try {
    for await (const { Items = [] } of paginateScan({ client }, query))
      for (const item of Items) yield provenanceOfItem(item)
  } catch (error) {
    throw storeError(error, table)
  }
}

function isMeant(
  envelope: Envelope,
  { function: name, group, topic, partition }: SourceOptions,
  functions: readonly { readonly name: string; readonly deployed: string }[],
): boolean {
  // An envelope names its function as it is deployed.
  const names = [name, ...functions.flatMap((one) => (one.name === name ? [one.deployed] : []))]
  return (
    (name === undefined || names.includes(envelope.function)) &&
    (group === undefined || group === envelope.group) &&
    (topic === undefined || topic === envelope.topic) &&
    (partition === undefined || partition === envelope.partition)
  )
}

function cells({ id, function: name, group, attempts, lastSeen }: Envelope, settled: boolean): string[] {
  const now = settled ? 'settled since' : 'not settled: redrive it with `millrace failures redrive`, or discard it'
  return [id, name, group, String(attempts), new Date(lastSeen).toISOString(), now]
}
