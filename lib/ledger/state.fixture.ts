import { type ClaimDecision, type ClaimRequest, claim } from './claim.js'
import type { Disposed, Disposition, Settlement } from './settle.js'
import { type Anchor, emptyState, type Interval, type LedgerState, type OpenRecord } from './state.js'

/** Now, in the ledger's tests that know no store. */
export const t0 = 1_800_000_000_000

/** When the record of an offset was produced: a second after the one before it, long before `t0`. */
export const timeOf = (offset: number): number => 1_700_000_000_000 + offset * 1_000

export const anchorsAt = (...offsets: number[]): Anchor[] =>
  offsets.map((offset) => ({ offset, timestamp: timeOf(offset) }))

/** A state with these facts, that has seen its settled records. */
export const stateOf = (facts: Partial<LedgerState>): LedgerState => {
  const to = facts.settled?.at(-1)?.to
  return { ...emptyState, ...(to !== undefined && { delivered: to, newest: timeOf(to) }), ...facts }
}

/** A settled interval with anchors at both ends, and where else it is told to. */
export const interval = (from: number, to: number, ...between: number[]): Interval => ({
  from,
  to,
  anchors: anchorsAt(...new Set([from, ...between, to])),
})

export const openRecord = (offset: number, facts: Partial<OpenRecord> = {}): OpenRecord => ({
  offset,
  attempts: 1,
  deaths: 0,
  convicted: false,
  givenUp: false,
  notBefore: 0,
  holds: 0,
  timestamp: timeOf(offset),
  firstSeen: t0,
  ...facts,
})

const defaults = { owner: 'me', now: t0, delivery: 'at-least-once' as const }

/** What a claim of these offsets comes to; its lease is ten seconds. */
export function decide(
  state: LedgerState,
  offsets: readonly number[],
  facts: Partial<ClaimRequest> = {},
): ClaimDecision {
  const request = { ...defaults, records: anchorsAt(...offsets), ...facts }
  return claim(state, { ...request, leaseEnd: facts.leaseEnd ?? request.now + 10_000 })
}

/** The same, of a partition that nobody else holds. */
export function take(state: LedgerState, offsets: readonly number[], facts: Partial<ClaimRequest> = {}) {
  const decision = decide(state, offsets, facts)
  if (decision.kind === 'busy') throw new Error('busy')
  const { state: claimed, found } = decision
  const brought = facts.records?.map(({ offset }) => offset) ?? offsets
  return { state: claimed, found: { ...found, todo: new Set(brought.filter((offset) => found.isDue(offset))) } }
}

export const settled: Disposition = { kind: 'settled' }
export const pending: Disposition = { kind: 'pending' }

/** A settlement of records with their dispositions; what was delivered before is nothing unless it is told. */
export const settlementOf = (
  list: readonly (readonly [offset: number, disposition: Disposition])[],
  facts: Partial<Settlement> = {},
): Settlement => ({
  records: list.map(([offset, disposition]): Disposed => ({ offset, timestamp: timeOf(offset), disposition })),
  deliveredBefore: -1,
  withholds: false,
  delivery: 'at-least-once',
  abandoned: [],
  ...facts,
})

export const rangesOf = (ranges: readonly { from: number; to: number }[]) => ranges.map(({ from, to }) => [from, to])
