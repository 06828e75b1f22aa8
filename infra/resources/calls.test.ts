import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../lib/clock.js'
import { failuresTable } from '../../lib/deployment/index.js'
import { kafkaFunction, text } from '../../lib/index.js'
import { storeClient } from '../../lib/local/store/index.js'
import { failuresSink } from '../../lib/sink/failures/index.js'
import { type StoreProxy, type StoreRequest, startStoreProxy } from '../../lib/testing/faults/index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../../lib/testing/index.js'
import { permissionsOf } from './permissions.js'
import { planOf } from './plan.fixture.js'

let deployment: TestDeployment
let proxy: StoreProxy
const own = 'own'
/** As `table action`. */
const called = new Set<string>()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'orders', tables: [failuresTable(own)] })
  proxy = await startStoreProxy({
    target: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    onExchange: ({ request }) => {
      for (const one of actionsOf(request)) called.add(one)
    },
  })
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.url
  // What the functions log is no business of a test of calls.
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const failed = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await runEverything()
  written.mockRestore()
  failed.mockRestore()
})
afterAll(async () => {
  await deployment.stop()
  await proxy.stop()
})

/** In a transaction, each kind of write has an action of its own (DynamoDB, "Transactional APIs and IAM"). */
const ofTransactions = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
} as Readonly<Record<string, string>>

/** So has each kind of statement (DynamoDB, "IAM security policies with PartiQL"). */
const ofStatements: Readonly<Record<string, string>> = {
  INSERT: 'PartiQLInsert',
  UPDATE: 'PartiQLUpdate',
  DELETE: 'PartiQLDelete',
  SELECT: 'PartiQLSelect',
}

/** What IAM has to allow for a request, as `table action`. */
function actionsOf({ operation, body, tables }: StoreRequest): readonly string[] {
  if (operation === 'BatchExecuteStatement') {
    return (body.Statements ?? []).map(({ Statement }) => {
      const [, verb = '', table] = /^(\w+)\b[^"]*"([^"]+)"/.exec(Statement) ?? []
      return `${table} ${ofStatements[verb]}`
    })
  }
  if (operation === 'TransactWriteItems') {
    return (body.TransactItems ?? []).flatMap((item) =>
      Object.entries(item).map(([kind, { TableName }]) => `${TableName} ${ofTransactions[kind]}`),
    )
  }
  return tables.map((table) => `${table} ${operation}`)
}

/** Everything by which a function touches the framework's tables, and a table of its own besides. */
async function runEverything(): Promise<void> {
  const key = (record: { key: string | null }) => record.key ?? undefined
  const options = { key: text(), order: 'key' } as const
  const fails = () => {
    throw new Error('never')
  }
  const atomic = kafkaFunction({ ...options, atomicity: 'record' }, (record, ctx) => {
    if (record.key === 'bad') fails()
    ctx.atomically([{ Put: { TableName: own, Item: { pk: { S: own }, sk: { S: String(record.key) } } } }])
  })
  const records = ['good', 'bad', 'good'].map((name) => ({ key: name, value: 1 }))
  const event = (partition: number) =>
    kafkaEvent({ topic: 'orders', records: records.map((one) => ({ ...one, partition })) })
  await invoke(atomic, event(0))
  await invoke(
    kafkaFunction({ ...options, idempotencyKey: key }, () => {}),
    event(1),
  )
  await invoke(
    kafkaFunction({ ...options, idempotencyKey: { key, scope: 'partition' } }, () => {}),
    event(2),
  )
  await invoke(kafkaFunction({ ...options, retry: { attempts: 1 } }, fails), event(3))
  const sink = { table: deployment.failuresTable, clock: systemClock, group: 'orders', functionName: 'f' }
  const client = storeClient(proxy.url)
  const lost = { topic: 'orders', partition: 4, offset: 9, timestamp: 1, attempts: 1, firstSeen: 1 }
  await failuresSink({ client, ...sink }).abandon([lost], new AbortController().signal)
  client.destroy()
}

describe('The permissions on the framework’s tables', () => {
  const plan = planOf({
    functions: { orders: { events: [{ kafka: { topic: 'o', bootstrapServers: ['b:1'], consumerGroupId: 'g' } }] } },
  })
  const statements = plan.functions.flatMap((one) => permissionsOf(plan, one))

  it('are those that its calls need, and no others', () => {
    const allowedOn = (id: string) =>
      statements.flatMap(({ Action, Resource }) => (JSON.stringify(Resource).includes(id) ? Action : []))
    const neededOn = (table: string) =>
      [...called].flatMap((one) => (one.startsWith(`${table} `) ? [`dynamodb:${one.split(' ')[1]}`] : []))
    const { ledgerTable, failuresTable } = deployment
    expect(neededOn(ledgerTable).sort()).toEqual([...allowedOn('MillraceLedgerTable')].sort())
    expect(neededOn(failuresTable).sort()).toEqual([...allowedOn('MillraceFailuresTable')].sort())
  })

  it('know every command to DynamoDB that a function’s code can send', () => {
    // A call that this test does not make would be missed above; a command that it does not know is found here.
    const commands = sourcesOfFunctions().flatMap((source) => [...source.matchAll(/new (\w+)Command\(/g)])
    expect([...new Set(commands.map(([, name]) => name))].sort()).toEqual([
      'BatchExecuteStatement',
      'BatchGetItem',
      'BatchWriteItem',
      'PutItem',
      'Query',
      // A sink of the person's own.
      'SendMessageBatch',
      'TransactWriteItems',
      'UpdateItem',
    ])
  })
})

/** What is bundled into a function: all but the tools. */
function sourcesOfFunctions(): readonly string[] {
  const tools = /^(local|cli|testing|kafka)\//
  return readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ts$/.test(path) && !/\.(test|fixture)\.ts$/.test(path) && !tools.test(path))
    .map((path) => readFileSync(join('lib', path), 'utf8'))
}
