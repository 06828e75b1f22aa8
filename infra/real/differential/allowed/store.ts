import type { Allowance } from '../compare.js'

const dynoxide = '@dynoxide/linux-x64 1.2.1, observed'
const guide = (page: string) => `Amazon DynamoDB Developer Guide, "${page}"`
const reference = (page: string) => `Amazon DynamoDB API Reference, "${page}"`

const absent = '<absent>'
const both = (kind: string) => (embedded: unknown, real: unknown) =>
  typeof embedded === kind && typeof real === kind && embedded !== absent && real !== absent

/** Where the embedded store (third-party) may differ from DynamoDB Local, and where DynamoDB Local differs from DynamoDB. */
export const storeAllowances: readonly Allowance[] = [
  {
    id: 'store-wording',
    case: 'store: *',
    path: '**.message',
    when: both('string'),
    reason:
      'a sentence for people; lib/store-error.ts and lib/table decide by name, code and status, which are compared',
    source: dynoxide,
  },
  {
    id: 'store-reason-wording',
    case: 'store: *',
    path: '**.Message',
    when: both('string'),
    reason: 'as of store-wording',
    source: dynoxide,
  },
  {
    id: 'store-set-order',
    case: 'store: every kind of attribute comes back as it went',
    path: '1.ok.Item.strings.SS.*',
    reason: 'the elements of a set have no order',
    source: guide('Supported data types and naming rules'),
  },
  {
    id: 'store-statement-units',
    case: 'store: *',
    path: '**.ConsumedCapacity',
    when: (_, real) => real === absent,
    reason: 'DynamoDB Local leaves out the units of statements; lib/table only adds up what it is told',
    source: reference('BatchExecuteStatement'),
  },
  {
    id: 'store-statement-item',
    case: 'store: *',
    path: '**.Error.Item',
    when: (embedded) => embedded === absent,
    reason:
      'dynoxide does not return the item of a statement whose condition failed; the ledger and the keys read it then',
    source: dynoxide,
  },
  {
    id: 'store-single-statement',
    case: 'store: a single statement',
    path: '**',
    reason:
      'the framework executes statements in batches only, whose codes agree; a duplicate is DuplicateItemException in the reference, too',
    source: reference('ExecuteStatement'),
  },
  {
    id: 'store-statement-table',
    case: 'store: statements on a table that is not there',
    path: '0.ok.Responses.0.TableName',
    reason: 'DynamoDB Local leaves out the table that is not there; lib/table knows which one it asked for',
    source: reference('BatchStatementResponse'),
  },
  {
    id: 'store-statement-key',
    case: 'store: batches of statements that are none',
    path: 'setKey.ok.Responses.0.Error',
    reason:
      'dynoxide lets a statement change a key; lib/table has the key apart from what it sets, so that it cannot ask for it',
    source: dynoxide,
  },
  {
    id: 'store-projection-units',
    case: 'store: units of reads and writes',
    path: '**.CapacityUnits',
    reason: 'dynoxide counts what is projected, DynamoDB what is read; the framework reads whole items',
    source: guide('Read consistency and capacity'),
  },
  {
    id: 'store-absent-units',
    case: 'store: many items are read at once',
    path: '**.CapacityUnits',
    reason: 'an item that is not there costs a read all the same; DynamoDB Local leaves it out',
    source: reference('BatchGetItem'),
  },
  {
    id: 'store-empty-query-units',
    case: 'store: queries between sort keys, in both directions and in pages',
    path: 'none.ok.ConsumedCapacity.CapacityUnits',
    reason: 'a query that finds nothing costs the least read; DynamoDB Local counts none',
    source: guide('Query operations'),
  },
  {
    id: 'store-transaction-units',
    case: 'store: *',
    path: '*.ok.ConsumedCapacity.0.*',
    when: (embedded, real) => typeof embedded === 'number' || real === absent,
    reason:
      'a transaction costs two units an item, as dynoxide says; DynamoDB Local says two for all of it, and tells reads from writes nowhere',
    source: guide('Amazon DynamoDB Transactions: How it works'),
  },
  {
    id: 'store-page-size',
    case: 'store: a query of more than a megabyte comes in pages',
    path: '**',
    reason:
      'where a page ends, before or behind the item that passes the megabyte; lib/table goes on from the key that comes with it',
    source: dynoxide,
  },
  {
    id: 'store-transaction-operand',
    case: 'store: a transaction whose write cannot be made of the item',
    path: '0.failed.**',
    reason:
      'dynoxide cancels with a reason, as DynamoDB does; DynamoDB Local refuses the whole; lib/table/transact.ts takes both',
    source: reference('TransactWriteItems'),
  },
  {
    id: 'store-transaction-invalid',
    case: 'store: transactions that are none',
    path: '*.failed.**',
    reason: 'as of store-transaction-operand',
    source: reference('TransactWriteItems'),
  },
  {
    id: 'store-transaction-twice',
    case: 'store: the same item twice in a transaction',
    path: '0.failed.**',
    reason:
      'refused by DynamoDB and dynoxide, carried out by DynamoDB Local; lib/engine/chunks.ts refuses it before it is sent',
    source: reference('TransactWriteItems'),
  },
  {
    id: 'store-description',
    case: 'store: a table described',
    path: '0.ok.Table.**',
    reason: 'names and times that each makes up; lib/local/store reads the status only',
    source: dynoxide,
  },
  {
    id: 'store-ttl-twice',
    case: 'store: time to live',
    path: 'again.*',
    reason:
      'dynoxide lets it be enabled again, DynamoDB does not; the framework leaves it to CloudFormation (infra/tables.ts)',
    source: reference('UpdateTimeToLive'),
  },
]
