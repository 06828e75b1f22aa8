import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { failuresTable, ledgerTable } from '../../lib/deployment/index.js'
import { ensureTables, type Store, startStore, storeClient } from '../../lib/local/store/index.js'
import { addTables } from './add-tables.js'
import { type Account, existingTables } from './existing.js'
import { permissionsOf } from './permissions.js'
import { planOf } from './plan.fixture.js'

const names = { ledger: 'shop-dev-ledger', failures: 'shop-dev-failures' }

let store: Store
let stacks: Server
/** What CloudFormation says of the stack's resources: status by logical id. Absent: there is no such stack. */
let stack: Readonly<Record<string, string>> | undefined
let denied = false
let account: Account
let cloudformation: CloudFormationClient
beforeAll(async () => {
  store = await startStore()
  stacks = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const [status, text] = answer(Number(new URLSearchParams(body).get('NextToken') ?? 0))
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text)
    })
  })
  await new Promise<void>((resolve) => stacks.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(stacks.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  cloudformation = new CloudFormationClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 })
  account = { dynamodb: storeClient(store.url), cloudformation, stack: 'shop-dev' }
})
afterAll(async () => {
  account.dynamodb.destroy()
  cloudformation.destroy()
  stacks.closeAllConnections()
  await new Promise((resolve) => stacks.close(resolve))
  await store.stop()
})
afterEach(async () => {
  stack = undefined
  denied = false
  for (const TableName of Object.values(names)) {
    await account.dynamodb.send(new DeleteTableCommand({ TableName })).catch(() => {})
  }
})

/** As CloudFormation's query protocol has it: a page for each resource. */
function answer(page: number): readonly [status: number, xml: string] {
  const error = (code: string, text: string) =>
    [400, `<ErrorResponse><Error><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`] as const
  if (denied) return error('AccessDenied', 'not you')
  if (stack === undefined) return error('ValidationError', "Stack 'shop-dev' does not exist")
  const all = Object.entries(stack)
  const members = all.slice(page, page + 1).map(([id, status]) => {
    const table = id === 'MillraceLedgerTable' ? names.ledger : names.failures
    const ids = `<LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${table}</PhysicalResourceId>`
    return `<member>${ids}<ResourceStatus>${status}</ResourceStatus></member>`
  })
  const next = page + 1 < all.length ? `<NextToken>${page + 1}</NextToken>` : ''
  const list = `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>${next}`
  const result = `<ListStackResourcesResult>${list}</ListStackResourcesResult>`
  return [200, `<ListStackResourcesResponse>${result}</ListStackResourcesResponse>`]
}

const both = () => ensureTables(account.dynamodb, [ledgerTable(names.ledger), failuresTable(names.failures)])

describe('A deployment', () => {
  it('makes its tables where there are none', async () => {
    expect(await existingTables(names, account)).toEqual([])
  })

  it('takes the tables that a removed stack left', async () => {
    await both()
    expect(await existingTables(names, account)).toEqual(['ledger', 'failures'])
  })

  it('keeps those that its stack has, and takes one that it has no more', async () => {
    await both()
    stack = { MillraceLedgerTable: 'UPDATE_COMPLETE', MillraceFailuresTable: 'CREATE_COMPLETE' }
    expect(await existingTables(names, account)).toEqual([])
    stack = { MillraceLedgerTable: 'DELETE_SKIPPED', MillraceFailuresTable: 'CREATE_COMPLETE' }
    expect(await existingTables(names, account)).toEqual(['ledger'])
    stack = { MillraceLedgerTable: 'UPDATE_COMPLETE' }
    expect(await existingTables(names, account)).toEqual(['failures'])
  })

  it('is refused where somebody else has a table of that name', async () => {
    const key = [{ AttributeName: 'id', KeyType: 'HASH' as const }]
    const attributes = [{ AttributeName: 'id', AttributeType: 'S' as const }]
    const other = { TableName: names.ledger, KeySchema: key, AttributeDefinitions: attributes }
    await account.dynamodb.send(new CreateTableCommand({ ...other, BillingMode: 'PAY_PER_REQUEST' }))
    await expect(existingTables(names, account)).rejects.toThrow(/^ML_TABLE_OCCUPIED: .*shop-dev-ledger.*"id HASH"/)
  })

  it('says what to allow where it may not ask', async () => {
    await both()
    denied = true
    await expect(existingTables(names, account)).rejects.toThrow(
      /^ML_TABLES_UNKNOWN: .*allow cloudformation:ListStackResources/,
    )
  })
})

describe('The template', () => {
  const orders = { events: [{ kafka: { topic: 'o', bootstrapServers: ['b:1'], consumerGroupId: 'g' } }] }

  async function built(existing: boolean | undefined, asks: boolean) {
    const tables = existing === undefined ? {} : { existing }
    const plan = planOf({ functions: { orders }, service: { custom: { millrace: { tables } } } })
    const notes: string[] = []
    // The plan's account fails where it is asked.
    await addTables(plan, asks, (text) => notes.push(text))
    return { plan, notes, permissions: JSON.stringify(plan.functions.map((one) => permissionsOf(plan, one))) }
  }

  it.each([
    ['while packaging', undefined, false],
    ['and asks nobody, where that is said', false, true],
  ])('has the tables %s', async (_, existing, asks) => {
    const { plan, notes, permissions } = await built(existing, asks)
    expect(plan.resources).toHaveProperty('MillraceLedgerTable')
    expect(permissions).toContain('{"Fn::GetAtt":["MillraceLedgerTable","Arn"]}')
    expect(notes).toEqual([])
  })

  it('leaves them out where it is said that they are there; the roles know them by name', async () => {
    const { plan, notes, permissions } = await built(true, false)
    expect(plan.resources).not.toHaveProperty('MillraceLedgerTable')
    expect(permissions).toMatch(/dynamodb:\$\{AWS::Region\}:\$\{AWS::AccountId\}:table\/shop-dev-failures/)
    expect(permissions).not.toContain('MillraceLedgerTable')
    expect(notes).toEqual([expect.stringContaining('shop-dev-ledger'), expect.stringContaining('shop-dev-failures')])
  })
})
