import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import {
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda'
import { readOutputs } from '../../../lib/deployment/index.js'
import { type Ended, serverless } from '../program.js'
import type { Check } from './checks.js'
import { type Clients, clientsOf, motoEnvironment } from './clients.js'
import { differences } from './differences.js'
import type { Home } from './home.js'
import { checkReadBack } from './read-back.js'
import { first, mappingsOf, second, shop, type Version } from './shop.js'
import { readStack } from './stack.js'

const stackName = 'shop-dev'
const tables = ['shop-dev-ledger', 'shop-dev-failures']
const item = { pk: { S: 'kept' }, sk: { S: 'kept' }, settled: { N: '42' } }

interface Life {
  readonly home: Home
  readonly check: Check
  readonly clients: Clients
  /** Of moto, for what is started. */
  readonly env: Record<string, string>
}

/** The whole life of a service: deployed, changed, rolled back, removed, deployed again. */
export async function life(home: Home, address: string, check: Check): Promise<void> {
  const one: Life = { home, check, clients: clientsOf(address), env: motoEnvironment(address) }
  await deployed(one, 'the first deployment', first)
  const before = await remember(one)
  await deployed(one, 'a deployment with changes', second)
  await check('a deployment with changes replaces no table and loses no item', async () => stillThere(one, before))
  await check('a mapping that stays is the same one, and that of a renamed topic is another', async () => {
    const now = await mappingIds(one)
    deepEqual([now.orders, now.payments], [before.mappings.orders, before.mappings.payments])
    notEqual(now['audit.v2'], undefined)
    equal(now.audit, undefined)
  })
  await rolledBack(one, before)
  await removed(one, before)
  await deployed(one, 'a deployment onto the tables that stayed', first)
  await check('a deployment onto the tables that stayed finds their items', async () => stillThere(one, before))
}

async function deployed(life: Life, when: string, version: Version): Promise<void> {
  const { home, check, clients } = life
  const folder = await home.service('shop', shop(version))
  if (!(await check(`${when} succeeds`, async () => succeeded(await sls(life, folder, 'deploy'))))) return
  await checkReadBack(when, stackName, clients, check)
  await check(`${when}: each mapping is what serverless.yml says`, async () => {
    for (const [name, wanted] of Object.entries(mappingsOf(version))) {
      const FunctionName = `shop-dev-${name}`
      const { EventSourceMappings } = await clients.lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))
      deepEqual(differences([wanted], EventSourceMappings, name), [])
    }
  })
  await check(`${when}: there are the functions of serverless.yml, with their time-outs`, async () => {
    const { Functions = [] } = await clients.lambda.send(new ListFunctionsCommand())
    const timeouts = Object.fromEntries(Functions.map((one) => [one.FunctionName, one.Timeout]))
    const wanted = {
      'shop-dev-orders': version.timeout,
      'shop-dev-payments': 60,
      'shop-dev-audit': 60,
      'shop-dev-hourly': 6,
    }
    deepEqual(timeouts, { ...wanted, ...(version.refunds && { 'shop-dev-refunds': 60 }) })
  })
  await check(`${when}: the outputs name the tables and what is read`, async () => {
    const facts = readOutputs((await readStack(stackName, clients)).outputs)
    deepEqual([facts?.ledgerTable, facts?.failuresTable], tables)
    const read = facts?.functions.map(({ topic }) => topic).sort()
    deepEqual(read, [version.auditTopic, 'orders', 'payments', ...(version.refunds ? ['refunds'] : [])].sort())
  })
}

/** What has to be found again, after an item was put into each table. */
interface Before {
  readonly tables: readonly object[]
  /** By topic. */
  readonly mappings: Readonly<Record<string, string>>
}

async function remember(life: Life): Promise<Before> {
  for (const TableName of tables) await life.clients.dynamodb.send(new PutItemCommand({ TableName, Item: item }))
  return { tables: await identities(life), mappings: await mappingIds(life) }
}

async function identities({ clients: { dynamodb } }: Life): Promise<readonly object[]> {
  const described = tables.map(async (TableName) => {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }))
    return { arn: Table?.TableArn, created: Table?.CreationDateTime, status: Table?.TableStatus }
  })
  return Promise.all(described)
}

async function mappingIds({ clients: { lambda } }: Life): Promise<Readonly<Record<string, string>>> {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand())
  return Object.fromEntries(EventSourceMappings.map(({ Topics: [topic = ''] = [], UUID = '' }) => [topic, UUID]))
}

async function stillThere(life: Life, before: Before): Promise<void> {
  deepEqual(await identities(life), before.tables)
  const { pk, sk } = item
  for (const TableName of tables) {
    const { Item } = await life.clients.dynamodb.send(new GetItemCommand({ TableName, Key: { pk, sk } }))
    deepEqual(Item, item, TableName)
  }
}

async function rolledBack(life: Life, before: Before): Promise<void> {
  const { home, check, clients } = life
  const folder = await home.service('shop', shop(second))
  await check('a rollback brings back the first deployment, and keeps what is settled', async () => {
    const { stdout, output } = succeeded(await sls(life, folder, 'deploy', 'list'))
    const [timestamp] = (stdout + output).match(/\b\d{13}\b/) ?? []
    ok(timestamp, `no deployment is listed: ${output}`)
    succeeded(await sls(life, folder, 'rollback', '--timestamp', timestamp))
    const orders = await clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'shop-dev-orders' }))
    equal(orders.Timeout, first.timeout)
    deepEqual(Object.keys(await mappingIds(life)).sort(), ['audit', 'orders', 'payments'])
    await stillThere(life, before)
  })
}

async function removed(life: Life, before: Before): Promise<void> {
  const { home, check, clients } = life
  const folder = await home.service('shop', shop(first))
  await check('a removal takes the stack, its functions and its mappings', async () => {
    succeeded(await sls(life, folder, 'remove'))
    const gone = clients.cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }))
    match(await gone.then(() => 'it is there', String), /does not exist/)
    deepEqual((await clients.lambda.send(new ListFunctionsCommand())).Functions, [])
    deepEqual(await mappingIds(life), {})
  })
  await check('a removal leaves the tables, with their items', async () => stillThere(life, before))
}

const sls = ({ env }: Life, folder: string, ...args: string[]) => serverless(folder, args, env)

function succeeded(ended: Ended): Ended {
  equal(ended.status, 0, ended.output.slice(-1_500))
  return ended
}
