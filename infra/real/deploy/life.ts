import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import {
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda'
import { readOutputs } from '../../../lib/deployment/index.js'
import type { Check } from '../checklist.js'
import type { Ended } from '../program.js'
import { succeeded } from '../program.js'
import type { Clients } from './clients.js'
import { differences } from './differences.js'
import type { Home } from './home.js'
import { type Kept, mappingIds, remember, stillThere } from './kept.js'
import { operations } from './operated.js'
import { readBack } from './read-back.js'
import { first, mappingsOf, second, shop, type Version } from './shop.js'
import { readStack } from './stack.js'

const stackName = 'shop-dev'
const tables = ['shop-dev-ledger', 'shop-dev-failures']

/** Where a life takes place. */
export interface Life {
  readonly home: Home
  readonly clients: Clients
  /** Where moto is, for what is started. */
  readonly env: Record<string, string>
  /** Runs `serverless` on moto in a service's folder. */
  serverless(folder: string, ...args: string[]): Promise<Ended>
}

/** The whole life of a service, in this order: deployed, changed, rolled back, removed, deployed again. */
export function life(life: Life): readonly Check[] {
  const { clients } = life
  let kept: Kept = { tables: [], mappings: {} }
  const areStillThere = () => stillThere(tables, kept, clients)
  const changed = 'a deployment with changes'
  const again = 'a deployment onto the tables that stayed'
  return [
    ...deployment(life, 'the first deployment', first),
    {
      name: 'items are put into the tables',
      async run() {
        kept = await remember(tables, clients)
      },
    },
    ...operations(life, stackName),
    renamed(life),
    ...deployment(life, changed, second),
    { name: `${changed} replaces no table and loses no item`, run: areStillThere },
    {
      name: 'a mapping that stays is the same one, and that of a renamed topic is another',
      async run() {
        const now = await mappingIds(clients)
        deepEqual([now.orders, now.payments], [kept.mappings.orders, kept.mappings.payments])
        notEqual(now['audit.v2'], undefined)
        equal(now.audit, undefined)
      },
    },
    rollback(life),
    { name: 'a rollback keeps the tables and what is settled', run: areStillThere },
    removal(life),
    { name: 'a removal leaves the tables, with their items', run: areStillThere },
    // The stack uses them, and has them no more.
    ...deployment(life, again, first, ['AWS::DynamoDB::Table']),
    { name: `${again} finds their items`, run: areStillThere },
  ]
}

function deployment(life: Life, when: string, version: Version, absent: readonly string[] = []): readonly Check[] {
  const { home, clients } = life
  const deploys: Check = {
    name: `${when} succeeds`,
    run: async () => void succeeded(await life.serverless(await home.service('shop', shop(version)), 'deploy')),
  }
  const mappings: Check = {
    name: `${when}: each mapping is what serverless.yml says`,
    async run() {
      for (const [name, wanted] of Object.entries(mappingsOf(version))) {
        const FunctionName = `shop-dev-${name}`
        const { EventSourceMappings } = await clients.lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))
        deepEqual(differences([wanted], EventSourceMappings, name), [])
      }
    },
  }
  const functions: Check = {
    name: `${when}: there are the functions of serverless.yml, with their time-outs`,
    async run() {
      const { Functions = [] } = await clients.lambda.send(new ListFunctionsCommand())
      // But for the one that the plugin makes.
      const own = Functions.filter(({ FunctionName }) => FunctionName !== `${stackName}-millrace-health`)
      const found = own.map((one) => [one.FunctionName, one.Timeout])
      const of = {
        orders: version.timeout,
        payments: 60,
        audit: 60,
        hourly: 6,
        ...(version.refunds && { refunds: 60 }),
      }
      const wanted = Object.entries(of).map(([name, timeout]) => [`shop-dev-${name}`, timeout])
      deepEqual(Object.fromEntries(found), Object.fromEntries(wanted))
    },
  }
  const outputs: Check = {
    name: `${when}: the outputs name the tables and what is read`,
    async run() {
      const facts = readOutputs((await readStack(stackName, clients)).outputs)
      deepEqual([facts?.ledgerTable, facts?.failuresTable], tables)
      const read = facts?.functions.map(({ topic }) => topic).sort()
      deepEqual(read, [version.auditTopic, 'orders', 'payments', ...(version.refunds ? ['refunds'] : [])].sort())
    },
  }
  return [deploys, mappings, functions, outputs, ...readBack(when, stackName, clients, absent)]
}

/** Lambda would begin the other topic wherever the group stands in it (serverless #12377). */
function renamed(life: Life): Check {
  return {
    name: 'a topic renamed under its old group is refused, before anything is changed',
    async run() {
      const same = { ...first, auditTopic: second.auditTopic }
      const { status, output } = await life.serverless(await life.home.service('shop', shop(same)), 'deploy')
      notEqual(status, 0, output)
      match(output, /ML_GROUP_TAKEN/)
      deepEqual(Object.keys(await mappingIds(life.clients)).sort(), ['audit', 'orders', 'payments'])
    },
  }
}

function rollback(life: Life): Check {
  const { home, clients } = life
  return {
    name: 'a rollback brings back the functions and mappings of the first deployment',
    async run() {
      const folder = await home.service('shop', shop(second))
      const { output } = succeeded(await life.serverless(folder, 'deploy', 'list'))
      const [timestamp] = output.match(/\b\d{13}\b/) ?? []
      ok(timestamp, `no deployment is listed: ${output}`)
      succeeded(await life.serverless(folder, 'rollback', '--timestamp', timestamp))
      const FunctionName = 'shop-dev-orders'
      const { Timeout } = await clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))
      equal(Timeout, first.timeout)
      deepEqual(Object.keys(await mappingIds(clients)).sort(), ['audit', 'orders', 'payments'])
    },
  }
}

function removal(life: Life): Check {
  const { home, clients } = life
  return {
    name: 'a removal takes the stack, its functions and its mappings',
    async run() {
      succeeded(await life.serverless(await home.service('shop', shop(first)), 'remove'))
      const gone = clients.cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }))
      match(await gone.then(() => 'it is there', String), /does not exist/)
      deepEqual((await clients.lambda.send(new ListFunctionsCommand())).Functions, [])
      deepEqual(await mappingIds(clients), {})
    },
  }
}
