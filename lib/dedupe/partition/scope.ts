import { MillraceError } from '../../errors.js'
import type { RawRecord } from '../../event/index.js'
import { itemKey } from '../../ledger/index.js'
import { type Contest, contestsOf, ours, rule, theirs } from '../contest.js'
import type { Deduplicator, KeyedPartition, KeyVerdict, ScopeSettings } from '../dedupe.js'
import { shortHash } from '../hash.js'
import { ownerOf, standingHeld } from '../owner.js'
import { inRounds } from '../rounds.js'
import { KeyMemory } from './memory.js'
import type { KeptKey } from './segment.js'

/** A source partition of this call. */
interface Asked {
  readonly keyed: KeyedPartition
  readonly contests: readonly Contest[]
  readonly memory: KeyMemory
  /** What is remembered is not what is stored: read before the next round. */
  stale: boolean
}

/** What memory makes of the keys: verdicts, if the keys are taken. */
interface Draft {
  readonly verdicts: readonly [RawRecord, KeyVerdict][]
  readonly taken: readonly KeptKey[]
  /** Some record is to be run because its key is remembered as its own. */
  readonly reruns: boolean
}

/**
 * Keys of one source partition, hashed, in segments beside its ledger item: read once, then remembered, and one write for all
 * the new keys of a batch. The claim sees to it that one writer is the rule; where there are two, the swap of the last segment
 * fails for one of them, who reads and decides anew. A write whose answer was lost is found out likewise: its entries name
 * their owners, so its own come back as its own.
 */
export function partitionScope({ table, clock, group, ttlMs }: Omit<ScopeSettings, 'store'>): Deduplicator {
  const memories = new Map<string, KeyMemory>()

  function memoryOf({ topic, partition }: KeyedPartition): KeyMemory {
    const { pk } = itemKey(group, topic, partition)
    const memory = memories.get(pk) ?? new KeyMemory({ topic, partition, pk }, table, ttlMs)
    memories.set(pk, memory)
    return memory
  }

  /** One round. Answers the source partitions whose write was not, or not for certain, applied. */
  async function decide(left: readonly Asked[], now: number, verdicts: Map<RawRecord, KeyVerdict>): Promise<Asked[]> {
    await Promise.all(left.map(({ stale, memory }) => (stale ? memory.refresh(now) : undefined)))
    const drafts = left.map((asked) => ({ asked, draft: decideOn(asked, now, clock.now()) }))
    const writing = drafts.flatMap(({ asked, draft }) =>
      draft.taken.length === 0 && !draft.reruns
        ? []
        : [{ asked, draft, addition: asked.memory.add({ since: now, keys: draft.taken }) }],
    )
    const written = await table.write(writing.map(({ addition }) => addition.write))
    const failed = new Set<Asked>()
    for (const [i, { asked, addition }] of writing.entries()) {
      if (written[i]?.kind === 'applied') addition.applied()
      else failed.add(asked)
    }
    for (const { asked, draft } of drafts) {
      asked.stale = failed.has(asked)
      if (!asked.stale) for (const [record, verdict] of draft.verdicts) verdicts.set(record, verdict)
    }
    return [...failed]
  }

  return {
    usage: table.usage,
    async reserve(partitions, now) {
      for (const [pk, memory] of memories) if (!memory.isTrusted(now)) memories.delete(pk)
      const verdicts = new Map<RawRecord, KeyVerdict>()
      const asked = partitions
        .filter(({ records }) => records.length > 0)
        .map((keyed): Asked => {
          const memory = memoryOf(keyed)
          return { keyed, contests: contestsOf([keyed], shortHash), memory, stale: !memory.isTrusted(now) }
        })
      await inRounds(clock, asked, (left) => decide(left, now, verdicts))
      return verdicts
    },
    async keepResults() {
      throw new MillraceError(
        'ML_OPTION_INVALID',
        "first results are kept only in scope 'group'; leave the option idempotencyKey.scope or .onDuplicate out",
      )
    },
  }
}

/**
 * Decides by what is remembered. Duplicates need no proof that it is up to date. A record that is run because its key is
 * remembered as its own does, for it might have lost the key, or be about to: so even where no key is taken the swap is made.
 */
function decideOn({ keyed: { state }, contests, memory }: Asked, now: number, nowMs: number): Draft {
  const taken: KeptKey[] = []
  let reruns = false
  const verdicts = contests.flatMap((contest) => {
    const ruling = rule(contest, memory.entry(contest.id), (owner) => standingHeld(state, owner, nowMs), now)
    if (ruling.kind === 'theirs') return theirs(contest, ruling)
    if (ruling.kind === 'ours') reruns = true
    else taken.push({ id: contest.id, ...ownerOf(ruling.take, now) })
    return ours(contest, ruling.kind === 'ours' ? ruling.first : ruling.take)
  })
  return { verdicts, taken, reruns }
}
