import type { RecordId } from '../dedupe/index.js'
import type { RawRecord } from '../event/index.js'
import type { Engine } from './engine.js'
import type { Hold } from './hold.js'
import { ofAnotherGroup, type Verdict } from './verdict.js'

/** What the records of an invocation are to their idempotency keys. */
export interface Keys {
  /** Another record owns its key and is not settled: it waits, and is reported at no attempt's cost. */
  isAwaited(record: RawRecord): boolean
  /** The verdict on a record that another owns the key of, or another group has redriven; undefined for one that is to be run. */
  verdict(record: RawRecord): Verdict | undefined
}

const none: Keys = { isAwaited: () => false, verdict: () => undefined }

/** Reserves the keys of all holds, before anything runs. */
export async function reserveKeys({ reserve, clock }: Engine, holds: readonly Hold[]): Promise<Keys> {
  if (reserve === undefined) return none
  const verdicts = await reserve(holds.map(({ claimed }) => claimed))
  if (verdicts.size === 0) return none
  return {
    isAwaited(record) {
      const verdict = verdicts.get(record)
      return verdict?.kind === 'duplicate' && !verdict.ofSettled && !verdict.sameBatch
    },
    verdict(record) {
      const verdict = verdicts.get(record)
      if (verdict?.kind === 'foreign') return ofAnotherGroup(record, verdict.group, clock.now())
      if (verdict?.kind !== 'duplicate') return undefined
      const { owner, rule = 'idempotencyKey' } = verdict
      if (verdict.ofSettled) return { status: 'duplicate', owner, rule, isSettled: () => true }
      const held = holding(holds, owner)
      return {
        status: 'duplicate',
        owner,
        rule,
        isSettled: (committing) => held?.hold.isSettled(held.record, committing) ?? false,
      }
    },
  }
}

function holding(holds: readonly Hold[], owner: RecordId): { hold: Hold; record: RawRecord } | undefined {
  const hold = holds.find(
    ({ claimed: { partition } }) => partition.topic === owner.topic && partition.partition === owner.partition,
  )
  const record = hold?.claimed.todo.find(({ offset }) => offset === owner.offset)
  return hold && record && { hold, record }
}
