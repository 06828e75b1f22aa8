import type { Clock } from '../../clock.js'
import type { StackFunction } from '../../deployment/index.js'
import { readers, type SourceFacts } from '../ledger/index.js'
import type { Target } from '../target/index.js'

/** What the ledger knows of a mapping's source partitions. */
export interface LedgerFacts {
  /** Source partitions that were ever delivered. */
  readonly partitions: number
  /** Records that were tried or held, and are not settled. */
  readonly open: number
  /** Records that were delivered, and never started. */
  readonly pending: number
  /** Source partitions that an invocation has just now. */
  readonly claimed: number
  /** Offsets that these have in hand. */
  readonly inFlight: number
  /** Source partitions whose invocation died; nobody has taken over yet. */
  readonly died: number
  /** When the newest record that was delivered was produced, epoch ms; 0 for none. */
  readonly newest: number
  /** Of all source partitions: differs where anything was written. */
  readonly version: number
}

/** What the ledger says now. @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING`, `ML_LEDGER_FORMAT` */
export async function ledgerOf(target: Target, { group, topic }: StackFunction, clock: Clock): Promise<LedgerFacts> {
  const { sourcesOf, factsOf } = await readers()
  const sources = await sourcesOf(target, { group, topic })
  const facts = sources.map((source) => factsOf(source, 0, clock.now()))
  const count = (of: (one: SourceFacts) => number): number => facts.reduce((sum, one) => sum + of(one), 0)
  return {
    partitions: facts.length,
    open: count(({ open }) => open.length),
    pending: count(({ pending }) => pending.reduce((sum, { from, to }) => sum + to - from + 1, 0)),
    claimed: count(({ claim }) => (claim?.live ? 1 : 0)),
    inFlight: count(({ claim }) => (claim?.live ? claim.inFlight.to - claim.inFlight.from + 1 : 0)),
    died: count(({ claim }) => (claim && !claim.live ? 1 : 0)),
    newest: Math.max(0, ...sources.map(({ item }) => item.state.newest)),
    version: count(({ version }) => version),
  }
}
