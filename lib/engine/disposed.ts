import type { RawRecord } from '../event/index.js'
import { type Disposed, keptTime } from '../ledger/index.js'

export const settled = { kind: 'settled' } as const
export const pending = { kind: 'pending' } as const

/** A record with what is to be recorded of it. */
export const disposed = ({ offset, timestamp }: RawRecord, disposition: Disposed['disposition']): Disposed => ({
  offset,
  timestamp: keptTime(timestamp),
  disposition,
})

/** At most once, what was started never comes again, whatever became of it. */
export const settledIfStarted = (record: Disposed, started: ReadonlySet<number>): Disposed =>
  record.disposition.kind === 'open' || started.has(record.offset) ? { ...record, disposition: settled } : record
