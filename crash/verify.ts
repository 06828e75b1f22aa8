import { type Produced, placeOf } from '../start/orders/index.js'
import {
  type Answer,
  answerOf,
  balances,
  type Checked,
  effects,
  failures,
  type KeptFailure,
  lag,
  ledger,
  orderOfEffects,
  type Facts as StartFacts,
  secondEffects,
} from '../start/verify/index.js'

/** One death, as the parent of the process and the ledger tell of it. */
export interface Death {
  /** How its invocation ended. */
  readonly signal: string | null
  /** Source partitions that it had claimed and not given back. */
  readonly claims: number
}

/** All that is known of a run, from outside. */
export interface Facts
  extends Pick<
    StartFacts,
    'topic' | 'produced' | 'effects' | 'balances' | 'applied' | 'failures' | 'ledger' | 'lag' | 'elapsedMs'
  > {
  /** As many as were to be. */
  readonly wanted: number
  /** SIGKILLs that were sent. */
  readonly kills: number
  /** Invocations that ended with their process. */
  readonly deaths: readonly Death[]
}

/** What the verifier says of a run. */
export interface Verdict {
  readonly kills: number
  /** Of these, how many hit an invocation. */
  readonly killsInInvocation: number
  /** Of these, how many hit one that had claimed source partitions. */
  readonly killsInClaim: number
  readonly produced: number
  /** Orders that took effect. */
  readonly settled: number
  readonly duplicateEffects: number
  /** Records that died twice while they ran alone: taken for killers, kept in the failures table. */
  readonly convicted: number
  /** Orders with neither effect nor envelope. */
  readonly lost: number
  readonly checks: readonly Checked[]
}

/** Holds the facts to every check. Pure: the same facts, the same verdict. */
export function verify(facts: Facts): Verdict {
  const second = secondEffects(facts)
  const convicted = new Map(facts.failures.flatMap((one) => (isConvicted(one) ? [[placeOf(one), one]] : [])))
  const produced = facts.produced.map((record) => fateOf(record, convicted.get(placeOf(record))))
  const judged = { ...facts, produced }
  const early = orderOfEffects(judged)
  const has = ({ fate }: Produced) => facts.effects.has(fate.order?.orderId ?? '')
  return {
    kills: facts.kills,
    killsInInvocation: facts.deaths.length,
    killsInClaim: facts.deaths.filter(({ claims }) => claims > 0).length,
    produced: produced.length,
    settled: produced.filter(has).length,
    duplicateEffects: second.found,
    convicted: convicted.size,
    lost: produced.filter((record) => !has(record) && record.fate.outcome === 'ok').length,
    checks: [
      { name: 'kills', ...kills(facts) },
      { name: 'effects', ...effects(judged) },
      { name: 'balances', ...balances(judged) },
      { name: 'second effects', ...second.answer },
      {
        name: 'order',
        ...answerOf([...early.values()], 'the effects of each customer are in the order of their orders'),
      },
      { name: 'failures', ...failures(judged) },
      { name: 'convictions', ...convictions(facts, convicted.size) },
      { name: 'ledger', ...ledger(judged) },
      { name: 'lag', ...lag(judged) },
    ],
  }
}

/** Chance may kill a record twice while it runs alone, and nothing tells it from a killer then. */
const isConvicted = ({ stage, rule }: KeptFailure): boolean => stage === 'process' && rule === 'convicted'

function fateOf(record: Produced, kept: KeptFailure | undefined): Produced {
  const { order } = record.fate
  if (kept === undefined || order === undefined) return record
  const { attempts } = kept
  return { ...record, fate: { outcome: 'fallback', stage: 'process', rule: 'convicted', attempts, order } }
}

/** A conviction takes two deaths under the marker of that record, and an invocation has one marker at a time. */
function convictions({ kills: count }: Facts, convicted: number): Answer {
  const most = Math.floor(count / 2)
  return answerOf(
    convicted > most ? [`${convicted} orders convicted, where ${count} kills account for ${most} at most`] : [],
    `${convicted} convicted by chance, of ${most} that the kills could account for`,
  )
}

/** All were killed, most of them in the middle of their work. */
function kills({ wanted, kills: count, deaths }: Facts): Answer {
  const inClaim = deaths.filter(({ claims }) => claims > 0).length
  const others = deaths.filter(({ signal }) => signal !== 'SIGKILL').length
  const complaints = [
    ...(count === wanted ? [] : [`${count} kills of ${wanted}`]),
    ...(others === 0 ? [] : [`${others} invocations ended with their process, and not by SIGKILL`]),
    ...(inClaim * 2 >= wanted ? [] : [`only ${inClaim} of ${wanted} kills hit a claim in flight`]),
  ]
  return answerOf(
    complaints,
    `${count} by SIGKILL: ${deaths.length} hit an invocation, ${inClaim} of them a claim in flight`,
  )
}
