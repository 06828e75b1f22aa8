import { decodeState, type LedgerState } from '../../lib/ledger/index.js'
import type { StoreRequest, WireValue, WireWrite } from '../../lib/testing/faults/index.js'

/** One write to a ledger item, as it is asked for. */
export interface LedgerWrite {
  /** `<group>#<topic>#<partition>` */
  readonly pk: string
  /** The nonce of the invocation that writes. */
  readonly owner: string
  /** A claim takes the source partition or keeps it, a settle gives it back. */
  readonly kind: 'claim' | 'settle'
  readonly state: LedgerState
}

/** The ledger writes that a request asks for; none where it is another kind of request. */
export function ledgerWrites(request: StoreRequest, table: string): readonly LedgerWrite[] {
  const { operation, body } = request
  if (operation === 'BatchExecuteStatement' && request.tables.includes(table)) {
    return (body.Statements ?? []).flatMap(({ Statement, Parameters = [] }) => {
      // INSERT names the key first: pk, sk, v, w, s. UPDATE names it last: v, w, s, pk, sk, known.
      const at = Statement.startsWith('INSERT') ? { pk: 0, writeId: 3, state: 4 } : { pk: 3, writeId: 1, state: 2 }
      return read(Parameters[at.pk], Parameters[at.writeId], Parameters[at.state])
    })
  }
  if (operation === 'TransactWriteItems') {
    return (body.TransactItems ?? []).flatMap(({ Update }) => (Update === undefined ? [] : readUpdate(Update, table)))
  }
  return operation === 'UpdateItem' ? readUpdate(body, table) : []
}

function readUpdate({ TableName, Key, ExpressionAttributeValues }: WireWrite, table: string): LedgerWrite[] {
  if (TableName !== table) return []
  const { ':w': writeId, ':s': state } = ExpressionAttributeValues ?? {}
  return read(Key?.pk, writeId, state)
}

function read(pk: WireValue | undefined, writeId: WireValue | undefined, state: WireValue | undefined): LedgerWrite[] {
  if (pk?.S === undefined || writeId?.S === undefined || state?.B === undefined) return []
  const decoded = decodeState(Buffer.from(state.B, 'base64'))
  // A write id is the owner and a nonce of the write's own, with a dot between.
  const [owner = ''] = writeId.S.split('.')
  return [{ pk: pk.S, owner, kind: decoded.claim === null ? 'settle' : 'claim', state: decoded }]
}

/** The partition in a ledger item's key. */
export const partitionOf = (pk: string): number => Number(pk.slice(pk.lastIndexOf('#') + 1))
