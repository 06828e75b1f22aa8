/** An attribute value as DynamoDB's JSON protocol carries it: bytes in base64. */
export interface WireValue {
  readonly S?: string
  readonly N?: string
  readonly B?: string
  readonly BOOL?: boolean
  readonly NULL?: boolean
  readonly L?: readonly WireValue[]
  readonly M?: WireItem
  readonly SS?: readonly string[]
  readonly NS?: readonly string[]
  readonly BS?: readonly string[]
}

/** An item, or a key, of DynamoDB's JSON protocol. */
export type WireItem = Readonly<Record<string, WireValue>>

/** What rules look at of one write: a request of its own, or a part of a transaction. */
export interface WireWrite {
  readonly TableName?: string
  readonly Key?: WireItem
  readonly Item?: WireItem
  readonly ExpressionAttributeValues?: WireItem
}

/** The parts of a request's body that rules look at. */
export interface RequestBody extends WireWrite {
  readonly Statement?: string
  /** Makes a repeat of the same transaction safe. */
  readonly ClientRequestToken?: string
  readonly Statements?: readonly { readonly Statement: string; readonly Parameters?: readonly WireValue[] }[]
  /** Reads have keys under a table, writes a list. */
  readonly RequestItems?: Readonly<Record<string, unknown>>
  /** Each under its kind: `Put`, `Update`, `Delete` or `ConditionCheck`. */
  readonly TransactItems?: readonly Readonly<Record<string, WireWrite>>[]
}

/** One request to the store. */
export interface StoreRequest {
  /** Its name in DynamoDB's API, for example `UpdateItem`. */
  readonly operation: string
  /** Parsed when first asked for; empty where it is no JSON. */
  readonly body: RequestBody
  /** The tables that it names, each once. */
  readonly tables: readonly string[]
}

/** Reads a request of DynamoDB's JSON protocol; `target` is its `x-amz-target` header. */
export function readRequest(target: string, bytes: Buffer): StoreRequest {
  let body: RequestBody | undefined
  let tables: readonly string[] | undefined
  return {
    operation: target.slice(target.indexOf('.') + 1),
    get body() {
      body ??= parseJson(bytes) as RequestBody
      return body
    },
    get tables() {
      tables ??= tablesOf(this.body)
      return tables
    },
  }
}

/** The JSON value, or an empty object where the bytes are none: what the store makes of it is the store's to say. */
export function parseJson(bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function tablesOf({ TableName, RequestItems, Statement, Statements, TransactItems }: RequestBody): readonly string[] {
  if (TableName !== undefined) return [TableName]
  const statements = [
    ...(Statements ?? []).map((one) => one.Statement),
    ...(Statement === undefined ? [] : [Statement]),
  ]
  return [
    ...new Set([
      ...Object.keys(RequestItems ?? {}),
      ...statements.flatMap((text) => tableOfStatement(text) ?? []),
      ...(TransactItems ?? []).flatMap((item) => Object.values(item).flatMap(({ TableName: name }) => name ?? [])),
    ]),
  ]
}

const tableOfStatement = (text: string): string | undefined => {
  const [, quoted, bare] = /\b(?:update|into|from)\s+(?:"([^"]+)"|([\w.-]+))/i.exec(text) ?? []
  return quoted ?? bare
}
