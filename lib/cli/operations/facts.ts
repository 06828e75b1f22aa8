import type { StackFunction } from '../../deployment/index.js'
import type { LedgerFacts } from './flight.js'
import type { Known } from './known.js'
import type { Lag } from './lag.js'
import type { Mapped } from './open.js'
import type { FailuresWaiting } from './waiting.js'

/** What is learned of one mapping beside what Lambda tells. */
export interface Learned {
  readonly lag: Known<Lag>
  readonly ledger: Known<LedgerFacts>
  readonly failures: Known<FailuresWaiting>
}

/** What `millrace status` tells of one mapping, for programs and for people. */
export interface MappingFacts extends Learned, Pick<StackFunction, 'deployed' | 'topic' | 'group'> {
  /** As in serverless.yml. */
  readonly function: string
  readonly uuid: string | null
  /** As Lambda words it; `Missing` where Lambda has no such mapping. */
  readonly state: string
  readonly reason: string | null
  readonly lastResult: string | null
  /** Epoch ms. */
  readonly lastModified: number | null
  /** Disabled by somebody's wish. */
  readonly paused: boolean
  /** What somebody has to see to; nothing where all is well. */
  readonly wrong: readonly string[]
}

/** All of it together. */
export function factsOf({ reads, configuration }: Mapped, learned: Learned): MappingFacts {
  const { name, deployed, topic, group } = reads
  const {
    State: state = 'Missing',
    StateTransitionReason: reason,
    LastProcessingResult: lastResult,
  } = configuration ?? {}
  return {
    ...{ function: name, deployed, topic, group, uuid: configuration?.UUID ?? null, state },
    ...{ reason: reason ?? null, lastResult: lastResult ?? null },
    lastModified: configuration?.LastModified?.getTime() ?? null,
    ...learned,
    paused: state === 'Disabled' && isByWish(reason ?? ''),
    wrong: [...wrongWith(configuration), ...wrongIn(learned)],
  }
}

/** A mapping that was disabled by somebody's wish is not wrong, nor is one that is being switched. */
function wrongWith(configuration: Mapped['configuration']): string[] {
  if (configuration === undefined) return ['Lambda has no mapping of this topic to this function: deploy again']
  const { State: state = '', StateTransitionReason: reason = '', LastProcessingResult: result = '' } = configuration
  const { FilterCriteriaError: filter } = configuration
  return [
    ...(state === 'Disabled' && !isByWish(reason) ? [`it is Disabled, and nobody asked for that: ${reason}`] : []),
    ...(state === 'Deleting' ? ['it is being deleted'] : []),
    ...(result.startsWith('PROBLEM') ? [`its last result is a problem: ${result}`] : []),
    ...(filter ? [`its filter cannot be read: ${filter.Message ?? filter.ErrorCode ?? 'no reason given'}`] : []),
  ]
}

/** `USER_INITIATED` of Kafka's mappings, `User action` or `User initiated` elsewhere; some stores tell none. */
const isByWish = (reason: string): boolean => reason === '' || /^user/i.test(reason)

function wrongIn({ ledger, failures }: Learned): string[] {
  return [
    ...('unknown' in ledger ? [`the ledger cannot be read: ${ledger.unknown}`] : wrongInLedger(ledger.value)),
    ...('unknown' in failures
      ? [`the failures cannot be read: ${failures.unknown}`]
      : failures.value.count > 0 || failures.value.more
        ? ['records were given up on: `millrace failures list` shows them']
        : []),
  ]
}

const wrongInLedger = ({ died }: LedgerFacts): string[] =>
  died > 0 ? [`an invocation died, and its records have not come again yet: \`millrace ledger show\` tells which`] : []
