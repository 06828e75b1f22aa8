import type { LedgerItem, LedgerState } from '../../ledger/index.js'
import type { Swap } from '../../ledger/store/index.js'
import type { Entry, PartitionLog } from './truth.js'
import { nameOf } from './truth.js'

/** What an invocation is, was given, and has come to. */
export interface Shift {
  readonly owner: string
  readonly incarnation: number
  /** The batch: by the ledger's partition key, then by offset. */
  readonly batch: ReadonlyMap<string, ReadonlyMap<number, Entry>>
  /** Records whose lanes may go on behind them. */
  readonly resolved: Set<Entry>
  /** The batch comes for another reason than that its last answer asked for it. */
  readonly anew: boolean
  /** What it has run. */
  readonly ran: Set<Entry>
  /** Of records that failed or were held in it, the attempt and how often held: what another run of it must have behind it. */
  readonly spent: Map<Entry, { readonly attempt: number; readonly held: number; readonly notBefore: number }>
  /** Epoch ms from which on it starts nothing more. */
  readonly lastStart: number
  /** It has waited for another's lease. */
  waited: boolean
  /** It has answered, failed or died. */
  over: boolean
}

/** What is counted, because it is no breach but should be rare. */
export const counted = [
  'invocations',
  'runs',
  'deaths',
  'effects made again after they were forgotten',
  'forgotten by the bound',
  'forgotten in doubt',
  'new incarnations',
  'false incarnations',
  'out of order behind what was given up',
  'abandoned',
  'given up by Lambda',
  'convicted',
] as const
export type Counted = (typeof counted)[number]

/** What was seen, with the first breach of an invariant. */
export class History {
  readonly counts = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>
  readonly shifts = new Map<string, Shift>()
  /** Every log there was, by the ledger's partition key, the newest last. */
  readonly logs = new Map<string, PartitionLog[]>()
  readonly items = new Map<string, LedgerItem>()
  /** Former states put aside: partition key and version. */
  readonly aside = new Set<string>()
  /** Another poller has taken over: what one of them delivers may lie behind what the other has. */
  overlapped = false
  readonly trace: string[] = []
  violation: { readonly invariant: string; readonly detail: string } | undefined
  readonly #tracing: boolean
  readonly #now: () => number

  constructor(now: () => number, tracing: boolean) {
    this.#now = now
    this.#tracing = tracing
  }

  /** A line of the trace; made only when somebody reads it. */
  note(line: () => string): void {
    if (this.#tracing) this.trace.push(`${String(this.#now() - start).padStart(7)} ${line()}`)
  }

  count(name: Counted): void {
    this.counts[name]++
  }

  /** The first breach counts; the run ends. */
  breach(invariant: string, detail: () => string): void {
    if (this.violation !== undefined) return
    this.violation = { invariant, detail: detail() }
    this.note(() => `BREACH: ${invariant}: ${detail()}`)
  }

  stateOf(pk: string): LedgerState | undefined {
    return this.items.get(pk)?.state
  }

  /** The records of a partition in one incarnation. */
  entriesOf(pk: string, incarnation: number): readonly Entry[] {
    return this.logs.get(pk)?.find((log) => log.incarnation === incarnation)?.entries ?? []
  }

  /** Whether who made these writes still runs. */
  isUnderWay(swaps: readonly Swap[]): boolean {
    return swaps.every(({ item }) => this.shifts.get(ownerOf(item))?.over === false)
  }

  show = ({ key, item: { version, state } }: Swap): string => `${key.pk} v${version} ${showState(state)}`
}

/** When every run begins, epoch ms. */
export const start = 1_800_000_000_000

/** Who wrote an item last. */
export const ownerOf = ({ writeId }: LedgerItem): string => writeId.slice(0, writeId.indexOf('.'))

export const showEntry = (entry: Entry): string => `${nameOf(entry)} (${entry.plan.kind}, key ${entry.key})`

export function showState(state: LedgerState): string {
  const { settled, open, pending, crashed, suspect, reported, claim, delivered } = state
  const span = ({ from, to }: { from: number; to: number }) => (from === to ? `${from}` : `${from}-${to}`)
  const openOf = (one: (typeof open)[number]) =>
    `${one.offset}×${one.attempts}${'†'.repeat(one.deaths)}${one.convicted ? '!' : ''}${one.givenUp ? '∎' : ''}`
  return [
    `settled[${settled.map((one) => `${span(one)}@${one.anchors.map(({ offset }) => offset)}`)}]`,
    open.length > 0 && `open[${open.map(openOf)}]`,
    pending.length > 0 && `pending[${pending.map(span)}]`,
    crashed && `crashed[${span(crashed)}]`,
    suspect && `suspect[${span(suspect)}]`,
    reported.length > 0 && `reported[${reported.map(span)}]`,
    `delivered ${delivered}`,
    claim &&
      `claim ${claim.owner} ${span(claim.inFlight)} until ${claim.leaseEnd - start}${claim.marker ? ` marker ${span(claim.marker)}` : ''}`,
  ]
    .filter(Boolean)
    .join(' ')
}
