import type { LedgerState } from '../../lib/ledger/index.js'
import type { BatchLine, Decision, Run } from '../history/index.js'
import { type Fate, type Order, type Produced, placeOf } from '../orders/index.js'
import type { Effect, Facts, KeptFailure } from './facts.js'

const topic = 'orders'
const ledgerTable = 'the-ledger'

const order = (n: number): Order => ({ orderId: `o${n}`, customerId: 'c', seq: n + 1, cents: 100 + n })
/** Milliseconds that the order of offset 6 is held. */
const graceMs = 5_000
const ok = (n: number, downstream: 'works' | 'fails-twice' = 'works'): Fate => ({
  outcome: 'ok',
  order: order(n),
  downstream,
})

/**
 * One partition of a run in small: seven records; the process was killed when it had settled offset 0 and not yet 1, offset 2 was
 * retried once, and so was offset 5, with offset 6 behind it, before it was given up.
 */
const fates: readonly Fate[] = [
  ok(0),
  ok(1),
  ok(2, 'fails-twice'),
  { outcome: 'fallback', stage: 'decode', rule: 'undecodable', attempts: 0 },
  { outcome: 'dropped', order: order(4) },
  { outcome: 'fallback', stage: 'process', rule: 'exhausted', attempts: 2, order: order(5) },
  { outcome: 'ok', order: { ...order(6), graceMs }, downstream: 'works' },
]

const produced = fates.map(
  (fate, offset): Produced => ({
    partition: 0,
    offset,
    timestamp: 1_000 + offset,
    key: offset === 3 ? null : Buffer.from('c'),
    value: offset === 3 ? Buffer.alloc(0) : Buffer.from(`value ${offset}`),
    headers:
      offset === 3
        ? [
            ['h', Buffer.from('1')],
            ['h', Buffer.from('2')],
          ]
        : [],
    fate,
  }),
)

/** A run of the record at this offset. */
export const runOf = (offset: number, requestId: string, attempt = 1, pid = 2): Run => ({
  at: 10_000 + offset,
  partition: 0,
  offset,
  requestId,
  pid,
  attempt,
  orderId: `o${offset}`,
  customerId: 'c',
  seq: offset + 1,
})

/** A decision on the record at this offset. */
export const decisionOf = (
  offset: number,
  requestId: string,
  decision: Decision['decision'],
  stage = 'process',
): Decision => ({
  partition: 0,
  offset,
  requestId,
  decision,
  stage,
  rule: 'rule',
})

const history = {
  runs: [
    runOf(0, 'killed', 1, 1),
    runOf(1, 'killed', 1, 1),
    runOf(1, 'second'),
    runOf(2, 'second'),
    runOf(2, 'third', 2),
    runOf(5, 'third'),
    runOf(6, 'third'),
    runOf(5, 'fourth', 2),
    runOf(6, 'fourth'),
  ],
  decisions: [
    decisionOf(3, 'second', 'fallback', 'decode'),
    decisionOf(4, 'second', 'drop'),
    decisionOf(6, 'second', 'held'),
    decisionOf(2, 'second', 'retry'),
    decisionOf(5, 'third', 'retry'),
    decisionOf(5, 'fourth', 'fallback'),
  ],
  batches: [{ requestId: 'again', pid: 2, records: 2, skipped: 2 }] as BatchLine[],
}

const failureOf = (record: Produced): KeptFailure => {
  const { partition, offset, timestamp, key, value, headers, fate } = record
  const { attempts, stage, rule } = fate.outcome === 'fallback' ? fate : { attempts: 0, stage: '', rule: '' }
  return { topic, partition, offset, timestamp, key, value, headers, attempts, stage, rule }
}

const settled: LedgerState = {
  settled: [{ from: 0, to: 6, anchors: [] }],
  open: [],
  pending: [],
  crashed: null,
  suspect: null,
  reported: [],
  delivered: 6,
  newest: 1_006,
  claim: null,
  left: -1,
  born: 0,
  foreign: [],
}

const effects = (): Map<string, Effect> => new Map([0, 1, 2, 6].map((n) => [`o${n}`, { effects: 1, cents: 100 + n }]))

const normal = {
  partitions: 1,
  claims: 1,
  checkpoints: 0,
  settles: 1,
  settlesInTransactions: 1,
  calls: 1,
  transactions: 1,
  mostTransactions: 1,
  writeUnits: 3,
  contended: false,
}

/** The facts of a run in which everything held. A new value each time. */
export function soundFacts(): Facts {
  return {
    topic,
    ledgerTable,
    produced,
    effects: effects(),
    balances: new Map([['c', 100 + 101 + 102 + 106]]),
    applied: [['o0'], ['o1'], ['o2'], ['o6']],
    failures: produced.filter(({ fate }) => fate.outcome === 'fallback').map(failureOf),
    ledger: new Map([[0, settled]]),
    lag: new Map([[0, 0]]),
    history,
    costs: {
      batched: true,
      usages: [{ operation: 'BatchExecuteStatement', table: ledgerTable, calls: 7, answeredByRule: 0, writeUnits: 7 }],
      invocations: [
        { ...normal, owner: 'killed', settles: 0, settlesInTransactions: 0 },
        ...['second', 'third', 'fourth'].map((owner) => ({ ...normal, owner })),
      ],
    },
    elapsedMs: 1_000,
    kill: {
      pid: 1,
      requestId: 'killed',
      kind: 'crash',
      signal: 'SIGKILL',
      gone: true,
      batch: produced.map(placeOf),
      unsettled: new Set(produced.map(placeOf).slice(1)),
    },
    mending: {
      found: ['0:3', '0:5'],
      redriven: 2,
      discarded: 1,
      left: 0,
      effects: new Map([['o5', 1]]),
      cents: new Map([['c', 105]]),
    },
    redelivery: {
      requestId: 'again',
      kind: 'ok',
      batch: ['0:0', '0:1'],
      failures: 0,
      effectsBefore: 4,
      effectsAfter: 4,
    },
  }
}

/** The facts with the ledger's only item changed. */
export const withLedger = (facts: Facts, change: Partial<LedgerState>): Facts => ({
  ...facts,
  ledger: new Map([[0, { ...settled, ...change }]]),
})
