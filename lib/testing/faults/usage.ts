import type { WireItem, WireValue } from './request.js'
import type { Exchange } from './store-proxy.js'

/** What one operation on one table has cost so far. */
export interface Usage {
  readonly operation: string
  /** Several, joined by commas, where one request named several. */
  readonly table: string
  readonly calls: number
  /** Of these, how many the store never saw. */
  readonly answeredByRule: number
  /** As the store says, or else estimated from the sizes of what was written; 0 for reads. */
  readonly writeUnits: number
}

interface Capacity {
  readonly CapacityUnits?: number
}

const kilobyte = 1024

/** Sums up exchanges by operation and table: figures that owe nothing to what the caller says of itself. */
export function usageMeter(): { count(exchange: Exchange): void; readonly usages: readonly Usage[] } {
  const usages = new Map<string, { -readonly [K in keyof Usage]: Usage[K] }>()
  return {
    count(exchange) {
      const { operation, tables } = exchange.request
      const table = tables.join(',')
      const key = `${operation} ${table}`
      const usage = usages.get(key) ?? { operation, table, calls: 0, answeredByRule: 0, writeUnits: 0 }
      usages.set(key, usage)
      usage.calls++
      if (exchange.byRule) usage.answeredByRule++
      else usage.writeUnits += writeUnits(exchange)
    },
    get usages() {
      return [...usages.values()]
    },
  }
}

const readOperations = /^(Get|BatchGet|Query|Scan|Describe|List|TransactGet)/

/** The write units of one exchange: those that the answer tells, or else those of the sizes that the request shows. */
export function writeUnits(exchange: Exchange): number {
  const { request, status } = exchange
  if (readOperations.test(request.operation) || status >= 500) return 0
  const told = (exchange.answer as { ConsumedCapacity?: Capacity | readonly Capacity[] }).ConsumedCapacity
  if (told !== undefined) return [told].flat().reduce((sum, one) => sum + ((one as Capacity).CapacityUnits ?? 0), 0)
  return status === 200 ? writtenItems(exchange).reduce((sum, item) => sum + unitsOf(item), 0) : 0
}

/** What the request writes, as far as it shows: an update does not show what else the item holds. */
function writtenItems({ request: { body } }: Exchange): WireItem[] {
  if (body.Item !== undefined) return [body.Item]
  if (body.Key !== undefined) return [{ ...body.Key, ...body.ExpressionAttributeValues }]
  if (body.Statements !== undefined) {
    return body.Statements.map(({ Parameters = [] }) => ({ ...Object.fromEntries(Parameters.entries()) }))
  }
  type Write = { PutRequest?: { Item: WireItem }; DeleteRequest?: { Key: WireItem } }
  const writes = Object.values(body.RequestItems ?? {}).flatMap((list) =>
    Array.isArray(list) ? (list as Write[]) : [],
  )
  return writes.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {})
}

const unitsOf = (item: WireItem): number => Math.max(1, Math.ceil(bytesOf({ M: item }) / kilobyte))

/** The size of a value by DynamoDB's rules, near enough for units. */
function bytesOf(value: WireValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1
  if (value.B !== undefined) return Math.ceil((value.B.length * 3) / 4)
  if (value.L !== undefined) return value.L.reduce((sum, one) => sum + 1 + bytesOf(one), 3)
  if (value.M === undefined) return 1
  return Object.entries(value.M).reduce((sum, [name, one]) => sum + Buffer.byteLength(name) + bytesOf(one), 0)
}
