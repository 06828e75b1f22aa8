/** A bug for the simulation to find: `find` occurs once in `file` (from the repository's root); `why` names the broken clause. */
export interface Mutant {
  readonly name: string
  readonly why: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

const inFile = (file: string, mutants: readonly Omit<Mutant, 'file'>[]): Mutant[] =>
  mutants.map((mutant) => ({ ...mutant, file }))

/** Written from DESIGN.md §4 and §5 alone, without reading the simulation: each breaks one clause. */
export const fromDesign: readonly Mutant[] = [
  ...inFile('lib/ledger/claim.ts', [
    {
      name: 'at-most-once-settles-after',
      why: '§5 at-most-once settles first: here what runs counts as never started until its settle has landed.',
      find: 'settledFirst(claimed, records) : claimed',
      replace:
        '{ ...settledFirst(claimed, records), pending: [...below(known.pending, inFlight.from), inFlight, ...above(known.pending, inFlight.to)] } : claimed',
    },
    {
      name: 'chunk-death-blamed-on-its-first',
      why: '§5 isolation: only a death on its own marker counts towards conviction, a chunk that died is searched singly.',
      find: 'const alone = marker !== null && marker.from === marker.to',
      replace: 'const alone = marker !== null && marker.from <= marker.to',
    },
    {
      name: 'convicted-a-death-late',
      why: '§5 isolation: two deaths on its own marker convict, so that a killer runs at most four times.',
      find: 'deathsToConvict = 2',
      replace: 'deathsToConvict = 3',
    },
    {
      name: 'doubt-skips',
      why: '§5 recreated topic: an overlap with neither match nor mismatch is run again, never skipped (rule 8).',
      find: "recognition === 'known' || recognised",
      replace: 'recognition !== null || recognised',
    },
  ]),
  ...inFile('lib/ledger/recognise.ts', [
    {
      name: 'future-confirms',
      why: '§5 state: a timestamp in the future may contradict, never confirm.',
      find: 'matched ||= notFuture(timestamp, now)',
      replace: 'matched = true',
    },
  ]),
  ...inFile('lib/ledger/intervals.ts', [
    {
      name: 'bound-widens',
      why: 'Rule 2: past the bound the lowest intervals are forgotten, never widened over what lies between them.',
      find: 'let forgotten = 0',
      replace:
        'const next = intervals[excess]\n  if (next) return [{ ...next, from: intervals[0]?.from ?? next.from }, ...intervals.slice(excess + 1)]\n  let forgotten = 0',
    },
  ]),
  ...inFile('lib/ledger/settle.ts', [
    {
      name: 'checkpoint-settles-pending',
      why: 'Rule 1: a checkpoint records what was done, and what was not started stays pending.',
      find: 'const recorded = record(state, settlement)\n  return { ...recorded, left',
      replace:
        "const recorded = record(state, { ...settlement, records: settlement.records.map((one) => (one.disposition.kind === 'pending' ? { ...one, disposition: { kind: 'settled' } } : one)) })\n  return { ...recorded, left",
    },
    {
      name: 'conviction-forgotten',
      why: '§5 isolation: deaths and conviction survive settles of other records (rule 7).',
      find: 'return open.filter(',
      replace: 'return open.map((entry) => ({ ...entry, deaths: 0, convicted: false })).filter(',
    },
    {
      name: 'evidence-cleared-wholesale',
      why: '§5 isolation: a part of the crashed range is cleared only when its records were run or found settled.',
      find: 'undecided ?? inHand.to + 1',
      replace: 'Math.max(undecided ?? 0, inHand.to + 1)',
    },
    {
      name: 'abandoned-settled',
      why: '§5 abandoned: the record leaves the open set unsettled, and is run if it comes after all.',
      find: 'union(state.settled, settledIntervals(settlement))',
      replace:
        'union(union(state.settled, settlement.abandoned.map((offset) => ({ from: offset, to: offset, anchors: [] }))), settledIntervals(settlement))',
    },
    {
      name: 'renewal-not-written',
      why: '§5 claim: a renewal is the write that moves the lease end; a worker may trust no other.',
      find: '...state.claim, ...hold }',
      replace: '...state.claim, marker: hold.marker }',
    },
  ]),
  ...inFile('lib/ledger/swap.ts', [
    {
      name: 'own-write-not-recognised',
      why: '§5 one primitive: when an answer was lost, an item that holds my last write id says that it had counted.',
      find: 'sent.has(item.writeId)',
      replace: 'sent.size < 0',
    },
    {
      name: 'version-restarts',
      why: 'Rule 4: the version never restarts, not with a new incarnation either.',
      find: 'version: known + 1,',
      replace: 'version: putAside ? 1 : known + 1,',
    },
  ]),
  ...inFile('lib/ledger/transact.ts', [
    {
      name: 'lost-commit-believed',
      why: 'Rule 1: settled only when the write has provably succeeded; a lost answer proves nothing.',
      find: "if (result.kind === 'applied')",
      replace: "if (result.kind === 'applied' || result.kind === 'lost')",
    },
  ]),
  ...inFile('lib/ledger/ledger.ts', [
    {
      name: 'stale-overwrites',
      why: "Rule 4: a stale invocation changes nothing of somebody else's claim.",
      find: 'state.claim?.owner !== owner',
      replace: "state.claim === null || owner === ''",
    },
  ]),
  ...inFile('lib/engine/hold.ts', [
    {
      name: 'unacknowledged-settled',
      why: 'Rule 1: a fallback is settled only once its sink has acknowledged it.',
      find: "verdict.status === 'fallback' && this.acknowledged.get(record)?.ok",
      replace: "verdict.status === 'fallback' && this.acknowledged.size >= 0",
    },
    {
      name: 'lease-unchecked',
      why: '§5 claim: a worker that cannot confirm its lease starts no more records.',
      find: 'now >= this.leaseEnd',
      replace: 'now >= Number.POSITIVE_INFINITY',
    },
    {
      name: 'successors-ahead-of-effects',
      why: '§5 atomic effects, §2 lane: what follows in a lane is not settled before the effects ahead of it are made.',
      find: 'if (waiting.has(lane))',
      replace: 'if (waiting.has(lane) && this.effects.has(record) && !committing.has(record))',
    },
    {
      name: 'lane-goes-on-after-isolation',
      why: '§2 lane: a record that has to come again stops its lane, also when it ran in isolation.',
      find: 'if (comesAgain(verdict)) this.block(record)',
      replace: '',
    },
  ]),
  ...inFile('lib/engine/chunks.ts', [
    {
      name: 'effects-out-of-lane-order',
      why: '§5 atomic effects: a transaction holds effects with the settle of their records, none before those ahead in its lane.',
      find: 'passed.has(lane) || (',
      replace: '(',
    },
  ]),
  ...inFile('lib/engine/acknowledge.ts', [
    {
      name: 'abandoned-unreported',
      why: '§5 abandoned: first its entry goes to the failures table, then the record leaves the open set.',
      find: 'if (answer.ok) hold',
      replace: 'if (answer.ok || !answer.ok) hold',
    },
  ]),
  ...inFile('lib/engine/turns.ts', [
    {
      name: 'two-writes-at-once',
      why: '§5 one primitive: one write of an invocation is in flight at a time.',
      find: 'this.#last.then(work)',
      replace: 'Promise.race([undefined, this.#last]).then(work)',
    },
  ]),
  ...inFile('lib/engine/work.ts', [
    {
      name: 'marker-left-behind',
      why: '§5 isolation: the marker is cleared by a write before any other record runs.',
      find: 'if (hold.marker !== null) await recorder.mark(hold, null)',
      replace: 'if (hold.marker !== null) hold.marker = null',
    },
    {
      name: 'reports-failed-only',
      why: 'Rule 5: all unsettled offsets are reported, those never started too.',
      find: "disposition.kind !== 'settled')",
      replace: "disposition.kind === 'open')",
    },
    {
      name: 'stale-reports-nothing',
      why: '§5 one primitive: who is stale reports everything (rule 1).',
      find: 'claimed.partition.records.map(',
      replace: 'claimed.todo.slice(0, 0).map(',
    },
    {
      name: 'answer-names-abandoned',
      why: 'Rule 6: an answer never names an id that was not in the event.',
      find: "!== 'settled').map(({ offset }) => offset)",
      replace: "!== 'settled').map(({ offset }) => offset).concat(claimed.abandoned.map(({ offset }) => offset))",
    },
  ]),
]
