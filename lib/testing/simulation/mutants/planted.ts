import type { Mutant } from '../mutants-from-design.js'

const claim = 'lib/ledger/claim.ts'
const settle = 'lib/ledger/settle.ts'
const swap = 'lib/ledger/swap.ts'

/** Bugs planted by who wrote the simulation: each clause of the protocol that it claims to prove. */
export const planted: readonly Mutant[] = [
  {
    name: 'settled-before-the-effect',
    why: 'Rule 1: a record waits for its own effects to be committed.',
    file: 'lib/engine/hold.ts',
    find: 'if (this.effects.size + this.unwritten.size > 0) {',
    replace: 'if (this.unwritten.size > 0) {',
  },
  {
    name: 'version-not-checked',
    why: 'Rule 4: every write is one compare-and-swap on the version.',
    file: 'lib/testing/simulation/tables.ts',
    find: '(item?.version ?? 0) === known',
    replace: '(item?.version ?? 0) >= 0 && known >= 0',
  },
  {
    name: 'late-renewal-taken-for-the-settle',
    why: '§5 one primitive: an earlier write of mine that landed late is gone on from, it is not this one.',
    file: swap,
    find: 'sent.has(item.writeId)',
    replace: "item.writeId.startsWith(owner + '.')",
  },
  {
    name: 'lost-swap-believed',
    why: 'Rule 1: settled only when the settle has provably succeeded.',
    file: swap,
    find: "result?.kind === 'applied') attempt.done",
    replace: "result?.kind !== 'conflict') attempt.done",
  },
  {
    name: 'hole-below-delivered-filled',
    why: 'Rule 3: a hole is provable only above every offset delivered before.',
    file: settle,
    find: 'last.offset >= deliveredBefore',
    replace: 'last.offset >= -1',
  },
  {
    name: 'withheld-hole-filled',
    why: 'Rule 3: no hole is provable where the mapping withholds records.',
    file: settle,
    find: 'next !== undefined && !withholds && last',
    replace: 'next !== undefined && last',
  },
  {
    name: 'batch-in-hand-forgotten',
    why: 'Rule 2: neither the highest interval nor one that overlaps the batch in hand is forgotten.',
    file: 'lib/ledger/intervals.ts',
    find: '|| overlaps(interval, inHand) ||',
    replace: '||',
  },
  {
    name: 'deaths-not-counted',
    why: '§5 isolation: a marker found becomes a death.',
    file: claim,
    find: 'const deaths = entry.deaths + 1',
    replace: 'const deaths = entry.deaths',
  },
  {
    name: 'crash-not-remembered',
    why: '§5 claim: the predecessor’s range in flight joins the crashed range.',
    file: claim,
    find: 'crashed: hull(state.crashed, inFlight)',
    replace: 'crashed: state.crashed',
  },
  {
    name: 'retried-claim-taken-for-a-crash',
    why: '§5 one primitive: an owner that is still mine is an earlier write of mine, no crash.',
    file: claim,
    find: 'former === null || former.owner === owner ? state',
    replace: 'former === null ? state',
  },
  {
    name: 'living-lease-taken',
    why: '§5 claim: allowed when the lease is over.',
    file: claim,
    find: 'former.leaseEnd > now) {',
    replace: 'former.leaseEnd > now + 900) {',
  },
  {
    name: 'new-incarnation-in-memory-only',
    why: 'Rule 8: the new incarnation is swapped in before anything is run.',
    file: claim,
    find: '    ...known,\n    born:',
    replace: '    ...(recreated ? buried : known),\n    born:',
  },
  {
    name: 'incarnation-not-put-aside',
    why: '§5 recreated topic: the old state is put aside in an item of its own.',
    file: swap,
    find: 'putAside && item !== undefined ?',
    replace: 'putAside === null ?',
  },
  {
    name: 'anchors-ignored',
    why: 'Rule 8: an overlap has to be confirmed by an anchor or by continuity.',
    file: 'lib/ledger/recognise.ts',
    find: 'if (first !== undefined && first.offset >',
    replace: 'if (first !== undefined || first.offset >',
  },
  {
    name: 'evidence-cleared-by-another’s-settle',
    why: '§5 isolation: a part of the crashed range is cleared when its own records were run or found settled.',
    file: settle,
    find: 'crashed: cleared(state.crashed, inHand, undecided)',
    replace: 'crashed: null',
  },
  {
    name: 'marker-runs-others-too',
    why: '§5 isolation: no record outside the chunk runs under its marker.',
    file: 'lib/engine/work.ts',
    find: 'await runRecords([{ hold, records: due }], surroundings)',
    replace: 'await runRecords([{ hold, records: hold.unjudged() }], surroundings)',
  },
  {
    name: 'isolated-without-their-lanes',
    why: '§5 isolation: crashed records run together with the unsettled ones before them in their lanes.',
    file: 'lib/engine/isolate.ts',
    find: 'return lanes.has(lane)',
    replace: 'return isCovered([range], record.offset)',
  },
  {
    name: 'attempts-lost-while-waiting',
    why: '§5 claim: attempts are the failures in the open entry, which settles of other records leave alone.',
    file: settle,
    find: "return one.disposition.kind === 'pending' && one.timestamp === timestamp",
    replace: 'return false',
  },
  {
    name: 'convicted-run-again',
    why: '§5 isolation: a convicted record goes the way of poison without being run.',
    file: 'lib/engine/run-records.ts',
    find: 'entry?.givenUp || entry?.convicted',
    replace: 'entry?.givenUp',
  },
  {
    name: 'busy-left-out-of-the-answer',
    why: 'Rule 5: all unsettled offsets are reported, those of a partition that another holds, too.',
    file: 'lib/engine/process.ts',
    find: 'offsets: records.map(({ offset }) => offset)',
    replace: 'offsets: []',
  },
]
