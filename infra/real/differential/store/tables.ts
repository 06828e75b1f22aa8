import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import { keyed, type StoreSide } from './side.js'

/** Tables themselves. */
export const tableCases: readonly Case<StoreSide>[] = [
  {
    id: 'store: a table described',
    run: async ({ table, send }) => [
      await send(new DescribeTableCommand({ TableName: table })),
      await send(new DescribeTableCommand({ TableName: 'no-such-table' })),
    ],
  },
  {
    id: 'store: tables listed',
    async run({ table, send }) {
      const answer = (await send(new ListTablesCommand({}))) as { ok?: { TableNames?: string[] } }
      return { has: answer.ok?.TableNames?.includes(table), pages: await send(new ListTablesCommand({ Limit: 0 })) }
    },
  },
  {
    id: 'store: a table that exists already',
    run: ({ table, send }) => send(keyed(table)),
  },
  {
    id: 'store: tables that cannot be',
    async run({ table, send }) {
      const base = keyed(`${table}-2`).input
      return {
        short: await send(keyed('ab')),
        signs: await send(keyed('a b c')),
        undefinedKey: await send(new CreateTableCommand({ ...base, AttributeDefinitions: [] })),
        unusedAttribute: await send(
          new CreateTableCommand({
            ...base,
            AttributeDefinitions: [...(base.AttributeDefinitions ?? []), { AttributeName: 'z', AttributeType: 'S' }],
          }),
        ),
      }
    },
  },
  {
    id: 'store: a table that goes',
    async run({ table, send }) {
      const remove = () => send(new DeleteTableCommand({ TableName: table }))
      const first = (await remove()) as { ok?: { TableDescription?: { TableName?: string } } }
      return [
        first.ok?.TableDescription?.TableName,
        await send(new DescribeTableCommand({ TableName: `${table}-absent` })),
        await send(new DeleteTableCommand({ TableName: `${table}-absent` })),
      ]
    },
  },
  {
    id: 'store: time to live',
    async run({ table, send }) {
      const update = (AttributeName: string, Enabled: boolean, TableName = table) =>
        send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled } }))
      const describe = () => send(new DescribeTimeToLiveCommand({ TableName: table }))
      return {
        before: await describe(),
        on: await update('expires', true),
        described: await describe(),
        again: await update('expires', true),
        absent: await update('expires', true, 'no-such-table'),
      }
    },
  },
]
