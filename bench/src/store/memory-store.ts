import { compare, condition, nameOf, type Scope } from './condition.js'
import { readStatement } from './partiql.js'
import { comparable, type Item, type Value, writeUnitsOf } from './values.js'

/** What the store has been asked for so far. */
export interface Spent {
  readonly calls: number
  readonly writeUnits: number
}

/** DynamoDB in a map: what it is asked is done, and what it must refuse it refuses. */
export interface MemoryStore {
  /** Answers one request of DynamoDB's JSON protocol. */
  call(operation: string, body: string): { readonly status: number; readonly body: string }
  readonly spent: Spent
  /** The state bytes of the last `BatchExecuteStatement` and of the one before it: what the plain loop writes as well. */
  readonly stateBytes: readonly number[]
}

interface Request extends Scope {
  readonly TableName: string
  readonly Key: Item
  readonly Item: Item
  readonly ConditionExpression?: string
  readonly UpdateExpression: string
  readonly Statements: readonly { readonly Statement: string; readonly Parameters: readonly Value[] }[]
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly Item[] }>>
}

/** The key attributes of all tables, by name of the table. */
export type Keys = Readonly<Record<string, readonly string[]>>

export function memoryStore(keys: Keys): MemoryStore {
  const items = new Map<string, Item>()
  const spent = { calls: 0, writeUnits: 0 }
  const stateBytes: number[] = []

  function idOf(table: string, key: Item): string {
    const names = keys[table]
    if (names === undefined) throw new Error(`the fake store has no table ${table}`)
    let id = table
    for (const name of names) id += `\n${key[name]?.S}`
    return id
  }
  /** Every write is paid, the refused one too. */
  function write(id: string, item: Item, allowed: boolean): boolean {
    const before = items.get(id)
    spent.writeUnits += Math.max(writeUnitsOf(before), allowed ? writeUnitsOf(item) : 1)
    if (allowed) items.set(id, item)
    return allowed
  }
  function execute({ Statement, Parameters }: Request['Statements'][number]): object {
    const statement = readStatement(Statement)
    const { table } = statement
    if (statement.kind === 'insert') {
      const item = Object.fromEntries(statement.names.map((name, i) => [name, Parameters[i] ?? {}]))
      const id = idOf(table, item)
      const done = write(id, item, !items.has(id))
      return done ? { TableName: table } : refused('DuplicateItem', items.get(id))
    }
    const { sets, where } = statement
    const operands = Parameters.slice(sets.length)
    const id = idOf(table, Object.fromEntries(where.map(({ name }, i) => [name, operands[i] ?? {}])))
    const before = items.get(id)
    const holds = where.every(({ name, operator }, i) => {
      const a = comparable(before?.[name])
      const b = comparable(operands[i])
      return a !== undefined && b !== undefined && compare[operator]?.(a, b) === true
    })
    const item = { ...before, ...Object.fromEntries(sets.map((name, i) => [name, Parameters[i] ?? {}])) }
    return write(id, item, holds) ? { TableName: table } : refused('ConditionalCheckFailed', before)
  }

  const operations: Readonly<Record<string, (request: Request) => object>> = {
    BatchExecuteStatement({ Statements }) {
      const before = spent.writeUnits
      const Responses = Statements.map(execute)
      const last = Statements[0]?.Parameters.find(({ B }) => B !== undefined)?.B
      stateBytes.unshift(Math.floor((String(last ?? '').length * 3) / 4))
      stateBytes.splice(2)
      return { Responses, ConsumedCapacity: [{ TableName: 'ledger', CapacityUnits: spent.writeUnits - before }] }
    },
    BatchGetItem({ RequestItems }) {
      const Responses = Object.entries(RequestItems).map(([table, { Keys }]) => [
        table,
        Keys.flatMap((key) => items.get(idOf(table, key)) ?? []),
      ])
      return { Responses: Object.fromEntries(Responses), UnprocessedKeys: {} }
    },
    GetItem: ({ TableName, Key }) => ({ Item: items.get(idOf(TableName, Key)) }),
    PutItem(request) {
      const id = idOf(request.TableName, request.Item)
      return write(id, request.Item, holds(request, items.get(id))) ? {} : failed(items.get(id))
    },
    UpdateItem(request) {
      const id = idOf(request.TableName, request.Key)
      const before = items.get(id)
      return write(id, { ...request.Key, ...before, ...assigned(request) }, holds(request, before))
        ? {}
        : failed(before)
    },
  }

  return {
    spent,
    stateBytes,
    call(operation, body) {
      spent.calls++
      const answer = operations[operation]
      if (answer === undefined) throw new Error(`the fake store does not know ${operation}`)
      const said = answer(JSON.parse(body))
      return { status: '__type' in said ? 400 : 200, body: JSON.stringify(said) }
    },
  }
}

const refused = (Code: string, Item: Item | undefined) => ({ Error: { Code, Message: 'refused', Item } })

const failed = (Item: Item | undefined) => ({
  __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
  message: 'The conditional request failed',
  Item,
})

function holds(request: Request, item: Item | undefined): boolean {
  const { ConditionExpression: text } = request
  return text === undefined || condition(text)(item, request)
}

function assigned(request: Request): Item {
  const { UpdateExpression: text, ExpressionAttributeValues: values } = request
  if (!text.startsWith('SET ')) throw new Error(`the fake store cannot read the update ${text}`)
  const pairs = text
    .slice(4)
    .split(', ')
    .map((pair) => pair.split(' = '))
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [nameOf(name, request), values?.[value] ?? {}]))
}
